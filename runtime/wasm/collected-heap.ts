import { SandglassError } from '../vocabulary/errors.ts';
import type { ModuleShape } from './module-shape.ts';
import { GC } from './opcodes.ts';
import type { OperatorReader } from './operators.ts';
import { Reader } from './reader.ts';
import { readValueTypeName } from './type-text.ts';

/** Whether an operator after 0xFB makes an object that the engine's garbage collector keeps. */
export const allocates = (sub: number): boolean =>
  sub === GC.structNew || sub === GC.structNewDefault || (sub >= GC.arrayNew && sub <= GC.arrayNewElem);

/** Whether the length of the array that an operator makes is on the stack. */
export const takesLength = (sub: number): boolean =>
  sub === GC.arrayNew || sub === GC.arrayNewDefault || sub === GC.arrayNewData || sub === GC.arrayNewElem;

/** Bytes of what an operator makes that takes no length from the stack. */
export function bytesOfNew(
  { sub, first, second }: OperatorReader,
  { types }: Pick<ModuleShape, 'types'>,
): number {
  const bytes = types.bytes[first] ?? 0;
  return sub === GC.arrayNewFixed ? bytes + second * (types.elementBytes[first] ?? 0) : bytes;
}

/** The module is sound, and of a kind that no limit would hold. */
export const refusedAllocation = (offset: number): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    `Cannot use the WebAssembly binary: at byte ${offset} it allocates on the collected heap (WebAssembly GC), which no memory limit holds`,
    {
      details: { feature: 'gc', offset },
      hint: 'Compile it for linear memory, without WebAssembly GC',
    },
  );

/** Parameters of an exception that is small however many of them a stack holds. Those of C++ have one, those of longjmp two. */
const SMALL_EXCEPTION = 2;

/**
 * Whether a module can hold much outside of its memory: in structs and arrays; by exceptions that hold exceptions or have many parameters; in a
 * table of exceptions.
 */
export function holdsHeap(
  bytes: Uint8Array,
  { types, tagTypes }: Pick<ModuleShape, 'types' | 'tagTypes'>,
  tableOfExceptions: boolean,
): boolean {
  if (types.collected || (tableOfExceptions && tagTypes.length > 0)) return true;
  return tagTypes.some(
    (type) => (types.parameters[type] ?? 0) > SMALL_EXCEPTION || nestedAt(bytes, types, type) !== undefined,
  );
}

/** Refuses tags through which exceptions could hold exceptions: the one other way to build lists without end outside of linear memory. */
export function refuseNestedExceptions(bytes: Uint8Array, { tagTypes, types }: ModuleShape): void {
  for (const type of tagTypes) {
    const at = nestedAt(bytes, types, type);
    if (at !== undefined) throw refusedAllocation(at);
  }
}

/** Where the first parameter stands that holds an exception; `undefined` without one. */
function nestedAt(bytes: Uint8Array, { at }: ModuleShape['types'], type: number): number | undefined {
  const reader = new Reader(bytes, at[type] ?? 0);
  for (let left = reader.u32(); left > 0; left -= 1) {
    const start = reader.at;
    if (/exn/.test(readValueTypeName(reader))) return start;
  }
  return undefined;
}
