import type { ZoneNames } from '../../vocabulary/zone-names.ts';
import { exportsOf, memoryBufferOf, readGlobal } from '../../wasm/intrinsics.ts';

/** The memory of an instance that was made in another realm. */
export function memoryOf(instance: WebAssembly.Instance | undefined): ArrayBuffer | undefined {
  return instance === undefined
    ? undefined
    : memoryBufferOf(exportsOf(instance).memory as WebAssembly.Memory);
}

export const memoryBytesOf = (instance: WebAssembly.Instance | undefined): Uint8Array =>
  new Uint8Array(memoryOf(instance) ?? new ArrayBuffer(0));

/** Of the wasm's own stack, bytes; after a trap, what was used then. */
export function stackUsed(instance: WebAssembly.Instance | undefined): number {
  if (instance === undefined) return 0;
  const { emscripten_stack_get_base: base, emscripten_stack_get_current: current } = exportsOf(instance);
  return typeof base === 'function' && typeof current === 'function' ? Number(base()) - Number(current()) : 0;
}

/** Up to where the module and its allocator have written; nothing of a guest has run yet. */
export function heapEnd(instance: WebAssembly.Instance): number | undefined {
  const { sbrk } = exportsOf(instance);
  const end = typeof sbrk === 'function' ? Number(sbrk(0)) : 0;
  return end > 0 ? end : undefined;
}

/** What the C library calls local time: it asks for the names of the zone only once, before there is a guest. */
const NAME_BYTES = 16;
export function nameZone(instance: WebAssembly.Instance | undefined, names: ZoneNames): void {
  const place = instance === undefined ? undefined : exportsOf(instance).tzname;
  if (place === undefined) return;
  const bytes = memoryBytesOf(instance);
  const words = new DataView(bytes.buffer);
  const first = readGlobal(place as WebAssembly.Global); // the address of a pair of pointers, by its name
  for (const [index, name] of names.entries()) {
    const at = words.getUint32(first + 4 * index, true);
    if (at === 0) continue;
    const text = new TextEncoder().encode(name).subarray(0, NAME_BYTES);
    bytes.fill(0, at, at + NAME_BYTES + 1);
    bytes.set(text, at);
  }
}
