import { joinInSlices } from '../vocabulary/in-slices.ts';
import { invalid } from './invalid.ts';
import { boundedFlags, PAGE_BYTES, readLimits, type SizeLimits } from './limits-type.ts';
import { Reader } from './reader.ts';
import { RESERVED_PREFIX } from './reserved.ts';
import { SECTION, type Section, splitSections } from './sections.ts';
import { Writer } from './writer.ts';

/** Under which name, of a module of this name, a module imports the memory that it once declared. No guest's module can import one that begins so. */
export const MEMORY_IMPORT = `${RESERVED_PREFIX}memory`;

const MEMORY_KIND = 2;

/**
 * The same module with its one memory imported as `MEMORY_IMPORT`: for whoever keeps a memory longer than an instance. Nothing is renumbered.
 *
 * @throws {SandglassError} MODULE_INVALID when it has no memory of its own, several, one without a maximum, or imports nothing.
 */
export function importMemory(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const sections = splitSections(bytes);
  const memory = sections.find(({ id }) => id === SECTION.memory);
  const imports = sections.find(({ id }) => id === SECTION.import);
  if (memory === undefined || imports === undefined)
    throw invalid('it needs imports and a memory of its own, for that to be imported');
  return joinInSlices([
    bytes.subarray(0, imports.at),
    withMemory(bytes, imports, readOne(bytes, memory)),
    bytes.subarray(imports.end, memory.at),
    bytes.subarray(memory.end),
  ]);
}

function readOne(bytes: Uint8Array, { start, end }: Section): SizeLimits {
  const reader = new Reader(bytes, start, end);
  if (reader.count() !== 1) throw invalid('it needs one memory, for that to be imported', start);
  return readLimits(reader, 'memory');
}

function withMemory(bytes: Uint8Array, { start, end }: Section, limits: SizeLimits): Uint8Array {
  const { minimum, maximum } = limits;
  if (maximum === undefined) throw invalid('its memory needs a maximum, to be imported');
  const reader = new Reader(bytes, start, end);
  const count = reader.count(4);
  const writer = new Writer(end - start + 256);
  writer.section(SECTION.import, () => {
    writer.u32(count + 1);
    writer.copy(bytes, reader.at, end);
    writer.name(MEMORY_IMPORT);
    writer.name(MEMORY_IMPORT);
    writer.byte(MEMORY_KIND);
    writer.byte(boundedFlags(limits));
    writer.u32(minimum);
    writer.u32(maximum);
  });
  return writer.finish();
}

/** What such a module's memory has at least, bytes; of the module as it was before. */
export function leastMemory(bytes: Uint8Array): number {
  const memory = splitSections(bytes).find(({ id }) => id === SECTION.memory);
  if (memory === undefined) throw invalid('it has no memory of its own');
  return readOne(bytes, memory).minimum * PAGE_BYTES;
}

/** A memory for such a module, of so many bytes at first and at most; whole pages. */
export const memoryFor = (bytes: number, maxBytes: number): WebAssembly.Memory =>
  new WebAssembly.Memory({
    initial: Math.ceil(bytes / PAGE_BYTES),
    maximum: Math.floor(maxBytes / PAGE_BYTES),
  });
