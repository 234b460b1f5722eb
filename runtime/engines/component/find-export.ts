import type { ComponentData, ExportedFunction } from './component-data.ts';
import { functionText, unversioned } from './types/wit-type.ts';

/**
 * The export that a caller means: `add`, `iface#func`, `ns:pkg/iface#func`, with or without its version, or a function name that only
 * one interface exports. `[method]counter.inc` may be spelled `counter.inc`, and `[constructor]counter` as `counter`.
 */
export function findExport(data: ComponentData, asked: string): ExportedFunction | undefined {
  const exact = data.exports.find(({ name }) => name === asked);
  if (exact !== undefined) return exact;
  const matches = data.exports.filter((exported) => spellings(exported).includes(asked));
  return matches.length === 1 ? matches[0] : undefined;
}

function spellings({ interface: name, function: functionName }: ExportedFunction): readonly string[] {
  const plain = functionName.slice(functionName.indexOf(']') + 1);
  const names = plain === functionName ? [functionName] : [functionName, plain];
  if (name === undefined) return names;
  const base = unversioned(name);
  const short = base.slice(base.lastIndexOf('/') + 1);
  return names.flatMap((one) => [`${name}#${one}`, `${base}#${one}`, `${short}#${one}`, one]);
}

/** `add: func(a: s32, b: s32) -> s32`, for people. */
export const exportLines = (data: ComponentData): readonly string[] =>
  data.exports.map(({ name, type }) => `${name}: ${functionText(type)}`);
