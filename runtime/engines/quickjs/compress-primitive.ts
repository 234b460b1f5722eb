import type { Compress } from '../../contracts/engine.ts';
import { isJsonObject } from '../../vocabulary/json.ts';
import { MIB } from '../../vocabulary/units.ts';
import { objectIn } from './guest-json.ts';

type Format = Parameters<Compress>[0];

/** Why nothing was compressed: the platform has no such codec, or it is more work, or more memory, than a guest may have. */
export type CompressRefusal = 'none' | 'work' | 'memory' | 'parameters';

export interface CompressOptions {
  readonly compress: Compress | undefined;
  /** Others wait for this thread: one step of it is shorter. */
  readonly shared: boolean;
  /** Bills native work on so many bytes. */
  readonly charge: (bytes: number) => void;
  /** What is held while it is done, bytes; `undefined` where that is over the guest's limit. */
  readonly hold: (bytes: number) => (() => void) | undefined;
}

/**
 * Native work in one go, in bytes that are billed: a second and a half of a thread that nothing can end meanwhile, and a tenth of one that
 * is shared.
 */
const MOST_WORK = 720_000_000;
const MOST_SHARED_WORK = 40_000_000;

/** Numbers of parameters: those that decide how long it takes, and those that a guest may set beside them, with their ranges. */
interface Codec {
  readonly quality: number;
  readonly usual: number;
  readonly least: number;
  readonly parameters: ReadonlyMap<number, readonly [least: number, most: number]>;
  /** Bytes of native work for each byte of input, and for a start. */
  readonly work: (quality: number) => readonly [each: number, start: number];
  /** Memory beside input and output for each byte of input, and at most. */
  readonly memory: (quality: number) => readonly [each: number, most: number];
}

const [BROTLI_QUALITY, ZSTD_LEVEL, ZSTD_STRATEGY] = [1, 100, 107];

const CODECS: Readonly<Record<Format, Codec>> = {
  brotli: {
    quality: BROTLI_QUALITY,
    usual: 11,
    least: 0,
    // Mode, quality, size of the window and of blocks, literal contexts, size of the input. No window of a gigabyte.
    parameters: new Map([
      [0, [0, 2]],
      [1, [0, 11]],
      [2, [10, 24]],
      [3, [0, 24]],
      [4, [0, 1]],
      [5, [0, 2 ** 30]],
    ]),
    work: (quality) =>
      quality >= 11
        ? [700, 1_000_000]
        : quality === 10
          ? [180, 1_000_000]
          : quality === 9
            ? [40, 400_000]
            : quality >= 5
              ? [20, 200_000]
              : [4, 50_000],
    memory: (quality) => [quality >= 5 ? 12 : 4, 48 * MIB],
  },
  zstd: {
    quality: ZSTD_LEVEL,
    usual: 3,
    least: -131_072,
    // Level, size of the window, strategy, size and checksum in the frame.
    parameters: new Map([
      [100, [-131_072, 22]],
      [101, [10, 23]],
      [107, [1, 9]],
      [200, [0, 1]],
      [201, [0, 1]],
    ]),
    work: (level) =>
      level > 12 ? [600, 200_000] : level > 6 ? [24, 100_000] : level > 3 ? [6, 50_000] : [2, 50_000],
    memory: (level) => (level > 12 ? [16, 128 * MIB] : [8, 32 * MIB]),
  },
};

interface Request {
  readonly format: Format;
  readonly parameters: Readonly<Record<string, number>>;
}

/**
 * Compresses by the platform's own codec, paid for by size and quality before it is done. A program that names no quality gets the best that fits:
 * the format's usual one, lower for what would hold its thread for long.
 */
export function compressPrimitive(
  request: string,
  bytes: Uint8Array,
  { compress, shared, charge, hold }: CompressOptions,
): Uint8Array<ArrayBuffer> | CompressRefusal {
  const read = readRequest(request);
  if (read === undefined) return 'parameters';
  const { format, parameters } = read;
  const codec = CODECS[format];
  for (const [name, value] of Object.entries(parameters)) {
    const range = codec.parameters.get(Number(name));
    // The platform takes `0x6b` for 107, too: what is not written as we look it up is refused.
    if (
      range === undefined ||
      name !== String(Number(name)) ||
      !Number.isInteger(value) ||
      value < range[0] ||
      value > range[1]
    )
      return 'parameters';
  }
  if (compress === undefined) return 'none';
  const most = shared ? MOST_SHARED_WORK : MOST_WORK;
  // A strategy of its own may be as slow as the slowest level.
  const slowest = parameters[ZSTD_STRATEGY] === undefined ? undefined : 22;
  const workOf = (quality: number): number => {
    const [each, start] = codec.work(slowest ?? quality);
    return start + each * bytes.byteLength;
  };
  const asked = parameters[codec.quality];
  let quality = asked ?? codec.usual;
  while (asked === undefined && quality > Math.max(codec.least, 0) && workOf(quality) > most) quality -= 1;
  const work = workOf(quality);
  if (work > most) return 'work';
  const [each, mostMemory] = codec.memory(slowest ?? quality);
  const letGo = hold(2 * bytes.byteLength + Math.min(each * bytes.byteLength, mostMemory) + 2 * MIB);
  if (letGo === undefined) return 'memory';
  charge(work);
  try {
    return compress(format, bytes, { ...parameters, [codec.quality]: quality }) ?? 'none';
  } catch {
    return 'parameters'; // the platform's own reasons
  } finally {
    letGo();
  }
}

/** `undefined` for what our prelude does not send. */
function readRequest(text: string): Request | undefined {
  const { format, parameters } = objectIn(text) ?? {};
  if (
    typeof format !== 'string' ||
    !Object.hasOwn(CODECS, format) ||
    parameters === undefined ||
    !isJsonObject(parameters)
  )
    return undefined;
  // A key of CODECS; each parameter is looked at by whoever reads it.
  return { format: format as Format, parameters: parameters as Request['parameters'] };
}
