import type { PackageFile } from '../../../engines/pyodide/packages.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { MIB } from '../../../vocabulary/units.ts';
import { instrument } from '../../../wasm/instrument.ts';
import { pureFilesOf } from './source-archive.ts';
import { unzip } from './unzip.ts';
import { checkPaths } from './wheel-paths.ts';

const MAX_UNPACKED_BYTES = 512 * MIB;
/** The list of them goes from thread to thread in one step: some 25 ms for so many. */
const MAX_ENTRIES = 20_000;
/** Beyond `ROUGH_BYTES`, an archive that unpacks to so many times its size holds nothing but padding. */
const MAX_GROWTH = 100;
const ROUGH_BYTES = 16 * MIB;
/** Of the metadata, whose first lines are read; a description may follow. */
const MAX_METADATA_BYTES = MIB;
const MAX_REQUIREMENTS = 1_000;

/** A wheel as it is installed; of its metadata, what it needs. */
export interface Wheel {
  readonly files: readonly PackageFile[];
  /** `Requires-Dist` lines, as they stand there. */
  readonly requires: readonly string[];
}

export interface WheelRequest {
  readonly bytes: Uint8Array;
  /** Its file name, for messages. */
  readonly file: string;
  readonly maxMemoryPages: number;
}

/**
 * The files of a wheel, or of a source archive that is as good as a pure one, as they are installed; its side modules metered. They lie in
 * one shared buffer, so that cells get them without a copy.
 * @throws {SandglassError} MODULE_INVALID, naming the wheel.
 */
export function unpackWheel({ bytes, file, maxMemoryPages }: WheelRequest): Wheel {
  const most = Math.min(MAX_UNPACKED_BYTES, Math.max(ROUGH_BYTES, MAX_GROWTH * bytes.byteLength));
  const caps = { maxBytes: most, maxEntries: MAX_ENTRIES };
  const packed = file.endsWith('.tar.gz') ? pureFilesOf(bytes, file, caps) : unzip(bytes, file, caps);
  const entries = packed.map((entry) => ({
    path: sitePath(entry.path),
    bytes: entry.bytes,
    native: /\.so(?:\.|$)/.test(entry.path),
  }));
  checkPaths(
    entries.map(({ path }) => path),
    file,
  );
  const files = entries.map((entry) => ({
    ...entry,
    bytes: entry.native ? metered(entry.bytes, maxMemoryPages, `${file}: ${entry.path}`) : entry.bytes,
  }));
  return { files: inOneBuffer(files), requires: requirementsOf(files, file) };
}

function metered(bytes: Uint8Array<ArrayBuffer>, maxMemoryPages: number, what: string): Uint8Array {
  try {
    return instrument(bytes, { maxMemoryPages });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot install ${what} is not a module for this Python: ${reason}`,
    );
  }
}

/** No guest ever sees the buffer. */
function inOneBuffer(files: readonly PackageFile[]): readonly PackageFile[] {
  const shared = new SharedArrayBuffer(files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
  let at = 0;
  return files.map((file) => {
    const bytes = new Uint8Array(shared, at, file.bytes.byteLength);
    bytes.set(file.bytes);
    at += bytes.byteLength;
    return { ...file, bytes };
  });
}

/** `name.data/purelib/x` and `…/platlib/x` are installed as `x`. */
const sitePath = (path: string): string => path.replace(/^[^/]+\.data\/(?:pure|plat)lib\//, '');

function requirementsOf(files: readonly PackageFile[], file: string): readonly string[] {
  const metadata = files.find(({ path }) => /^[^/]+\.dist-info\/METADATA$/.test(path));
  if (metadata === undefined) return [];
  const [head = ''] = new TextDecoder()
    .decode(metadata.bytes.slice(0, MAX_METADATA_BYTES))
    .split(/\r?\n\r?\n/, 1);
  const requires = head
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .flatMap((line) => /^Requires-Dist:(.+)$/i.exec(line)?.[1]?.trim() ?? []);
  if (requires.length <= MAX_REQUIREMENTS) return requires;
  throw new SandglassError(
    'MODULE_INVALID',
    `Cannot install ${file}: it needs over ${MAX_REQUIREMENTS} packages`,
  );
}
