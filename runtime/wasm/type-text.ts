import type { Reader } from './reader.ts';

/** The types of the core specification by their code; `ref` stands for any other reference. */
const NAMES: Readonly<Record<number, string>> = Object.freeze({
  127: 'i32',
  126: 'i64',
  125: 'f32',
  124: 'f64',
  123: 'v128',
  112: 'funcref',
  111: 'externref',
  110: 'anyref',
  109: 'eqref',
  108: 'i31ref',
  107: 'structref',
  106: 'arrayref',
  105: 'exnref',
});

/** Name of the value type that the reader stands at, e.g. `ref exn` or `ref` for one by index; the reader moves behind it. */
export function readValueTypeName(reader: Reader): string {
  const code = reader.byte();
  if (code !== 0x63 && code !== 0x64) return NAMES[code] ?? 'ref';
  const heapType = reader.s33();
  const name = heapType < 0 ? NAMES[heapType + 0x80] : undefined;
  if (name === undefined) return 'ref';
  return code === 0x63 ? name : `ref ${name.replace(/ref$/, '')}`;
}
