/** The type of an exported function, in the binary's own words: `i32`, `i64`, `f32`, `f64`, `v128`, `funcref`, … */
export interface Signature {
  readonly name: string;
  readonly params: readonly string[];
  readonly results: readonly string[];
}

/** Names and types are the guest's: what is shown of them has an end. */
const SHOWN_NAME = 80;
const SHOWN_TYPES = 12;

/** `add(i32, i32) -> i32` */
export const formatSignature = ({ name, params, results }: Signature): string => {
  const end =
    results.length === 0 ? '' : results.length === 1 ? ` -> ${results[0]}` : ` -> (${types(results)})`;
  return `${clip(name, SHOWN_NAME)}(${types(params)})${end}`;
};

const types = (list: readonly string[]): string =>
  list.length > SHOWN_TYPES ? `${list.slice(0, SHOWN_TYPES).join(', ')}, …` : list.join(', ');

export const clip = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;
