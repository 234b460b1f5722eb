import { SandglassError } from '../vocabulary/errors.ts';
import type { ModuleShape } from './module-shape.ts';
import { GC } from './opcodes.ts';
import { Reader } from './reader.ts';
import { readValueTypeName } from './type-text.ts';

/** Whether an operator after 0xFB makes an object that the engine's garbage collector keeps. */
export const allocates = (sub: number): boolean =>
  sub === GC.structNew || sub === GC.structNewDefault || (sub >= GC.arrayNew && sub <= GC.arrayNewElem);

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

/** Refuses tags through which exceptions could hold exceptions: the one other way to build lists without end outside of linear memory. */
export function refuseNestedExceptions(bytes: Uint8Array, { tagTypes, types }: ModuleShape): void {
  for (const type of tagTypes) {
    const reader = new Reader(bytes, types.at[type] ?? 0);
    for (let left = reader.u32(); left > 0; left -= 1) {
      const at = reader.at;
      if (/exn/.test(readValueTypeName(reader))) throw refusedAllocation(at);
    }
  }
}
