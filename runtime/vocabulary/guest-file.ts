import { SandglassError } from './errors.ts';
import { setOwn } from './json.ts';
import { MIB } from './units.ts';

/** A file that goes into the scratch folder of a run, or comes out of it. */
export interface GuestFile {
  /** Names below the scratch folder joined by `/`, none of them empty, `.` or `..`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What may go in, and what may come out: files, and bytes of them together with `NODE_BYTES` and two for each character of a path. */
export const GUEST_FILES = Object.freeze({ maxFiles: 1_000, maxBytes: 16 * MIB, maxPatterns: 100 });

/** Where a guest finds the scratch folder. */
export const SCRATCH_PATH = '/tmp';

/** Charged for a file or folder beside its bytes, so that empty ones are not free. */
export const NODE_BYTES = 256;

const MOST_PATH = 1_024;
const MOST_NAME = 255;

/**
 * Checks and copies the files that a caller gives to a run.
 * @throws {TypeError} on a path that leaves the scratch folder or is a folder of another, or content that is neither text nor bytes.
 * @throws {RangeError} over `GUEST_FILES`.
 */
export function readFiles(value: unknown): readonly GuestFile[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError('Cannot run: files is not an object of path and content');
  }
  const given = Object.entries(value);
  if (given.length > GUEST_FILES.maxFiles) {
    throw new RangeError(`Cannot run: ${given.length} files are over ${GUEST_FILES.maxFiles}`);
  }
  const files = new Map<string, GuestFile>();
  let total = 0;
  for (const [name, content] of given) {
    const path = scratchPath(name, `files[${JSON.stringify(name)}]`);
    if (files.has(path)) throw new TypeError(`Cannot run: two of files are "${path}"`);
    if (typeof content !== 'string' && !(content instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot run: files[${JSON.stringify(name)}] is neither text nor bytes (Uint8Array)`,
      );
    }
    // Text takes at least as many bytes as characters, so what is too long is refused before it is encoded.
    total += content.length + NODE_BYTES + path.length * 2;
    if (total > GUEST_FILES.maxBytes) break;
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);
    total += bytes.byteLength - content.length;
    files.set(path, { path, bytes });
  }
  if (total > GUEST_FILES.maxBytes) {
    throw new RangeError(`Cannot run: files are over ${GUEST_FILES.maxBytes} bytes, names included`);
  }
  for (const path of files.keys()) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at);
      if (files.has(folder)) {
        throw new TypeError(`Cannot run: "${folder}" of files is a file and the folder of "${path}"`);
      }
    }
  }
  return [...files.values()];
}

/** Checks and copies the patterns that a caller wants files by. @throws {TypeError | RangeError} */
export function readCollect(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new TypeError('Cannot run: collect is not an array of paths');
  }
  if (value.length > GUEST_FILES.maxPatterns) {
    throw new RangeError(`Cannot run: ${value.length} of collect are over ${GUEST_FILES.maxPatterns}`);
  }
  return value.map((pattern, index) => scratchPath(pattern, `collect[${index}]`));
}

/** Files as an outcome shows them: path → bytes, in the order of their paths. */
export function filesByPath(files: readonly GuestFile[]): Readonly<Record<string, Uint8Array>> {
  const byPath: Record<string, Uint8Array> = {};
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path, bytes } of sorted) setOwn(byPath, path, bytes);
  return byPath;
}

/** Whether a path is one that `scratchPath` could have answered. */
export const isScratchPath = (path: string): boolean =>
  path.length <= MOST_PATH &&
  path.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && name.length <= MOST_NAME) &&
  !path.includes('\0');

/**
 * A path or glob below the scratch folder, without what leads there.
 * @param where What it is called by whoever gave it: `collect[0]`.
 * @throws {TypeError} when it leads out of that folder.
 */
export function scratchPath(given: string, where: string, action = 'run'): string {
  const prefix = `${SCRATCH_PATH}/`;
  const path = given.startsWith(prefix) ? given.slice(prefix.length) : given;
  if (path.startsWith('/')) {
    throw new TypeError(
      `Cannot ${action}: ${where} is not in ${SCRATCH_PATH}, the only folder that needs no grant`,
    );
  }
  const plain = path.startsWith('./') ? path.slice(2) : path;
  if (!isScratchPath(plain)) {
    throw new TypeError(
      `Cannot ${action}: ${where} is not a plain path: names of 1 to ${MOST_NAME} characters joined by "/", without "..", ${MOST_PATH} in all`,
    );
  }
  return plain;
}

/** What `collect` names is more than an outcome may hold. */
export const overCollected = (): SandglassError =>
  new SandglassError(
    'OUTPUT_EXCEEDED',
    `Cannot give back the collected files: over ${GUEST_FILES.maxFiles} files or ${GUEST_FILES.maxBytes} bytes`,
    {
      hint: 'Name fewer files in collect, or write them to a granted folder',
      details: { limit: GUEST_FILES.maxBytes },
    },
  );
