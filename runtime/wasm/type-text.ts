import type { Reader } from './reader.ts';

/** The types of the core specification by their code; `ref` is any other reference. */
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

/** Name of the value type that the reader stands at; the reader moves behind it. */
export function readValueTypeName(reader: Reader): string {
  const code = reader.byte();
  if (code === 0x63 || code === 0x64) reader.s33();
  return NAMES[code] ?? 'ref';
}
