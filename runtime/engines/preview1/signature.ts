/** The type of an exported function, in the binary's own words: `i32`, `i64`, `f32`, `f64`, `v128`, `funcref`, … */
export interface Signature {
  readonly name: string;
  readonly params: readonly string[];
  readonly results: readonly string[];
}

/** `add(i32, i32) -> i32` */
export const formatSignature = ({ name, params, results }: Signature): string => {
  const end =
    results.length === 0 ? '' : results.length === 1 ? ` -> ${results[0]}` : ` -> (${results.join(', ')})`;
  return `${name}(${params.join(', ')})${end}`;
};
