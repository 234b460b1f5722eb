import { IMAGE_SECTION, LIBRARY_SECTION } from './abi.ts';

interface Stretch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Compiled engine → what its two sections hold; a module never changes. */
const known = new WeakMap<WebAssembly.Module, Map<string, readonly Stretch[]>>();

/**
 * Puts the snapshot into memory that is zero throughout: runtime, context and evaluated prelude, as every guest finds them.
 * @param library With what Node and the web have beyond the prelude.
 */
export function writeImage(module: WebAssembly.Module, memory: Uint8Array, library: boolean): void {
  for (const { at, bytes } of stretchesOf(module, IMAGE_SECTION)) memory.set(bytes, at);
  if (library) for (const { at, bytes } of stretchesOf(module, LIBRARY_SECTION)) memory.set(bytes, at);
}

/** What a memory has that the snapshot has not, as it was made for a guest: addresses and lengths in words of four bytes, then the words. */
export interface Difference {
  readonly places: Uint32Array;
  readonly words: Int32Array;
}

/** Equal words between two differences that are carried along: each place takes two words itself. */
const GAP_WORDS = 3;

/** Bytes that are compared at once: a page, of which most guests change few. */
const BLOCK = 4096;

/** @param memory As large as it was made. */
export function differenceOf(module: WebAssembly.Module, memory: Uint8Array, library: boolean): Difference {
  const made = madeMemory(module, memory.byteLength, library);
  const now = wordsOf(memory);
  const before = wordsOf(made);
  const places: number[] = [];
  let count = 0;
  for (let from = 0; from < memory.byteLength; from += BLOCK) {
    if (isSame(memory, made, from)) continue;
    const most = (from + BLOCK) / 4;
    for (let at = from / 4; at < most; at++) {
      if (now[at] === before[at]) continue;
      const start = at;
      let end = at + 1;
      for (let next = end; next < most && next - end < GAP_WORDS; next++)
        if (now[next] !== before[next]) end = next + 1;
      places.push(start, end - start);
      count += end - start;
      at = end;
    }
  }
  const words = new Int32Array(count);
  let filled = 0;
  for (let index = 0; index < places.length; index += 2) {
    const [start = 0, length = 0] = [places[index], places[index + 1]];
    words.set(now.subarray(start, start + length), filled);
    filled += length;
  }
  return { places: Uint32Array.from(places), words };
}

const { Buffer: bytesOfNode } = globalThis as { readonly Buffer?: Pick<typeof Buffer, 'compare'> };

/** Whether a block of both is seen to be the same: Node compares bytes ten times as fast as the loop over words, which elsewhere looks at all. */
const isSame = (one: Uint8Array, other: Uint8Array, from: number): boolean =>
  bytesOfNode?.compare(one.subarray(from, from + BLOCK), other.subarray(from, from + BLOCK)) === 0;

/** Takes it out again: the memory is then as it was made. Pages in which nothing differs stay untouched, so that they take no room. */
export function takeBack(
  module: WebAssembly.Module,
  { places }: Difference,
  memory: Uint8Array,
  library: boolean,
): void {
  const made = wordsOf(madeMemory(module, memory.byteLength, library));
  const now = wordsOf(memory);
  for (let index = 0; index < places.length; index += 2) {
    const [start = 0, length = 0] = [places[index], places[index + 1]];
    now.set(made.subarray(start, start + length), start);
  }
}

/** Puts it into a memory that holds the snapshot and nothing else. */
export function writeDifference({ places, words }: Difference, memory: Uint8Array): void {
  const into = wordsOf(memory);
  let taken = 0;
  for (let index = 0; index < places.length; index += 2) {
    const [start = 0, length = 0] = [places[index], places[index + 1]];
    into.set(words.subarray(taken, taken + length), start);
    taken += length;
  }
}

const wordsOf = (memory: Uint8Array): Int32Array =>
  new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength / 4);

/** Compiled engine → memories as `writeImage` leaves them, without and with the library; only to be read. */
const made = new WeakMap<WebAssembly.Module, Map<boolean, Uint8Array>>();

function madeMemory(module: WebAssembly.Module, size: number, library: boolean): Uint8Array {
  const known = made.get(module) ?? new Map<boolean, Uint8Array>();
  made.set(module, known);
  const there = known.get(library);
  if (there !== undefined && there.byteLength === size) return there;
  const bytes = new Uint8Array(size);
  writeImage(module, bytes, library);
  known.set(library, bytes);
  return bytes;
}

function stretchesOf(module: WebAssembly.Module, name: string): readonly Stretch[] {
  let sections = known.get(module);
  if (sections === undefined) {
    sections = new Map();
    known.set(module, sections);
  }
  const read = sections.get(name) ?? readStretches(module, name);
  sections.set(name, read);
  return read;
}

function readStretches(module: WebAssembly.Module, name: string): readonly Stretch[] {
  const [section] = WebAssembly.Module.customSections(module, name);
  if (section === undefined)
    throw new Error(`Cannot start QuickJS: the module has no ${name}; build it with build-quickjs`);
  const view = new DataView(section);
  const count = view.getUint32(0, true);
  let from = 4 + 8 * count;
  return Array.from({ length: count }, (_, index) => {
    const at = view.getUint32(4 + 8 * index, true);
    const length = view.getUint32(8 + 8 * index, true);
    const bytes = new Uint8Array(section, from, length);
    from += length;
    return { at, bytes };
  });
}
