import { joinInSlices } from '../vocabulary/in-slices.ts';
import { boundedFlags, readLimits, type SizeLimits, shareCap } from './limits-type.ts';
import { EXTERNAL_KINDS } from './module-shape.ts';
import { Reader } from './reader.ts';
import { SECTION, type Section, splitSections } from './sections.ts';
import { skipReferenceType, skipValueType } from './value-types.ts';
import { Writer } from './writer.ts';

/** The types of a module are not read here: what they are was checked when the module was rewritten. */
const ANY_TYPE = Number.MAX_SAFE_INTEGER;

/**
 * The same module, its memories capped lower: for a module that was instrumented once and runs under many caps. Looks at two sections, and
 * copies with turns for others.
 * @param maxMemoryPages Pages of 64 KiB that all memories it defines may have together, and each that it imports.
 * @throws {SandglassError} MODULE_INVALID when they start over the cap.
 */
export const capMemories = async (
  bytes: Uint8Array,
  maxMemoryPages: number,
): Promise<Uint8Array<ArrayBuffer>> => joinInSlices(cappedParts(bytes, maxMemoryPages));

/** The capped module in parts: what has not changed is not copied. */
function cappedParts(bytes: Uint8Array, maxMemoryPages: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let copied = 0;
  for (const section of splitSections(bytes)) {
    if (section.id !== SECTION.memory && section.id !== SECTION.import) continue;
    const cap = section.id === SECTION.memory ? capDefined : capImported;
    const within = cap(bytes, section, maxMemoryPages);
    const header = new Writer(64);
    header.header(
      section.id,
      within.reduce((sum, { length }) => sum + length, 0),
    );
    parts.push(bytes.subarray(copied, section.at), header.finish(), ...within);
    copied = section.end;
  }
  return [...parts, bytes.subarray(copied)];
}

function capDefined(bytes: Uint8Array, { start, end }: Section, cap: number): readonly Uint8Array[] {
  const writer = new Writer(64);
  const reader = new Reader(bytes, start, end);
  const memories = Array.from({ length: reader.count() }, () => readLimits(reader, 'memory'));
  const maximums = shareCap(memories, cap, 'memory');
  writer.u32(memories.length);
  for (const [index, limits] of memories.entries()) writeLimits(writer, limits, maximums[index] ?? 0);
  return [writer.finish()];
}

function capImported(bytes: Uint8Array, { start, end }: Section, cap: number): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  const reader = new Reader(bytes, start, end);
  let copied = start;
  for (let left = reader.count(4); left > 0; left -= 1) {
    reader.part();
    reader.part();
    const kind = EXTERNAL_KINDS[reader.byte()];
    if (kind === 'memory') {
      const writer = new Writer(64);
      const before = bytes.subarray(copied, reader.at);
      const limits = readLimits(reader, 'memory');
      writeLimits(writer, limits, shareCap([limits], cap, 'memory')[0] ?? 0);
      parts.push(before, writer.finish());
      copied = reader.at;
    } else if (kind === 'table') {
      skipReferenceType(reader, ANY_TYPE);
      readLimits(reader, 'table');
    } else if (kind === 'global') {
      skipValueType(reader, ANY_TYPE);
      reader.flag();
    } else {
      if (kind === 'tag') reader.byte();
      reader.u32();
    }
  }
  reader.finish('the import section');
  return [...parts, bytes.subarray(copied, end)];
}

function writeLimits(writer: Writer, limits: SizeLimits, maximum: number): void {
  writer.byte(boundedFlags(limits));
  writer.u32(limits.minimum);
  writer.u32(maximum);
}
