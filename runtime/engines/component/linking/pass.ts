import type { Handles } from './handles.ts';
import type { PassOptions } from './link-plan.ts';
import { PassError } from './pass-error.ts';

/** What one function's values pass through: the memory of the guest that it belongs to, and what watches over it. */
export interface Pass {
  readonly encoding: PassOptions['encoding'];
  /** Anew after each call into the guest: its memory may have grown. */
  readonly view: () => DataView<ArrayBuffer>;
  /** The guest's own allocator. */
  readonly realloc: (pointer: number, size: number, align: number, newSize: number) => number;
  readonly handles: Handles;
  /** Accounts for bytes lifted out of the guest, before they are made. */
  readonly charge: (bytes: number) => void;
  /** The same for items of a list, which become a value each. */
  readonly chargeItems: (count: number) => void;
  /** Text of bytes; throws for what is not well-formed. Charges by itself. */
  readonly decode: (bytes: Uint8Array, encoding: PassOptions['encoding']) => string;
}

/** Where `size` bytes for `align` stand in the memory, after looking that they are there. */
export function placeIn(view: DataView, pointer: number, size: number, align: number): number {
  const at = pointer >>> 0;
  if (at % align !== 0) throw new PassError('a pointer is not aligned');
  if (at + size > view.byteLength) throw new PassError('a pointer leads out of the memory');
  return at;
}

/** Asks the guest for room. @throws {PassError} for room that it does not have. */
export function allocate(pass: Pass, size: number, align: number): number {
  const at = pass.realloc(0, 0, align, size);
  return placeIn(pass.view(), at, size, align);
}
