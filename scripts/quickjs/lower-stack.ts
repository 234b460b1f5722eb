import { s32 } from './sections.ts';

/** Where the published binary's stack begins, growing down to its static data: 5 MiB, of which QuickJS's own limit leaves nine tenths unused. */
const PUBLISHED_TOP = 5_333_088;
/** What is left of it: the limit of 512 KiB (`runtime/engines/quickjs/stack.ts`), and three times that for native code which does not look at it. */
export const STACK_TOP = PUBLISHED_TOP - 3 * 1024 * 1024;

/**
 * The same binary with a lower stack, and the heap right behind it: a guest's memory is that much smaller, and clearing it takes less. The address
 * is in three places: the stack pointer's first value, what C tells of its stack, and where the heap begins.
 */
export function lowerStack(published: Uint8Array): Uint8Array {
  const binary = new Uint8Array(published);
  const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
  replace(binary, Uint8Array.of(0x41, ...s32(PUBLISHED_TOP)), Uint8Array.of(0x41, ...s32(STACK_TOP)), 2);
  replace(binary, word(PUBLISHED_TOP), word(STACK_TOP), 1);
  return binary;
}

function replace(binary: Uint8Array, from: Uint8Array, to: Uint8Array, times: number): void {
  const found: number[] = [];
  for (let at = 0; at + from.length <= binary.length; at++)
    if (from.every((byte, index) => binary[at + index] === byte)) found.push(at);
  if (found.length !== times || from.length !== to.length)
    throw new Error('Cannot build QuickJS: its stack is not where we know it');
  for (const at of found) binary.set(to, at);
}
