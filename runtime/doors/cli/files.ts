import type { Stats } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { nearest } from '../../vocabulary/nearest.ts';
import { MIB } from '../../vocabulary/units.ts';
import { formatSize } from './quantities.ts';
import { UsageError } from './usage-error.ts';

/** Largest file that the command line hands to a run; the runtime takes no more input either. */
export const MAX_FILE_BYTES = 64 * MIB;

/** How much is read of a `.wasm`, and what to do about a larger one. */
export const moduleSize = (maxBytes: number) => ({
  maxBytes,
  hint: 'Take larger modules with --max-module=SIZE, and give them time to compile with --timeout=TIME',
});

/** @throws {UsageError} naming the file, the reason, and a name that is near. */
export async function readBytes(
  path: string,
  cwd: string,
  { maxBytes, hint }: { readonly maxBytes: number; readonly hint?: string } = { maxBytes: MAX_FILE_BYTES },
): Promise<Uint8Array<ArrayBuffer>> {
  const full = resolve(cwd, path);
  try {
    await using file = await open(full);
    const stats: Stats = await file.stat();
    if (stats.isDirectory()) throw new UsageError(`Cannot read "${path}": it is a folder`);
    if (stats.size > maxBytes) {
      throw new UsageError(
        `Cannot read "${path}": ${formatSize(stats.size)} are over the ${formatSize(maxBytes)} that a run takes`,
        hint,
      );
    }
    return new Uint8Array(await file.readFile());
  } catch (error) {
    throw error instanceof UsageError ? error : await unreadable('read', full, cwd, error);
  }
}

export async function readText(path: string, cwd: string): Promise<string> {
  return decodeText(await readBytes(path, cwd), path);
}

export function decodeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // TextDecoder tells no more than that it cannot.
    const [what, remedy] = guessContent(bytes);
    throw new UsageError(`Cannot read "${name}": it is ${what}, not UTF-8 text`, remedy);
  }
}

function guessContent(bytes: Uint8Array): readonly [what: string, remedy?: string] {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return ['UTF-16', 'Save it as UTF-8'];
  }
  if (bytes.subarray(0, 4_096).includes(0)) return ['binary', 'A .wasm runs with --lang=wasm'];
  return ['text in another encoding', 'Save it as UTF-8'];
}

/** Parses JSON; whole numbers that a double cannot hold become bigints, so that i64 arguments stay exact. */
export function parseJson(text: string, name: string): unknown {
  // Typed here because the third parameter of a reviver (ECMAScript: JSON.parse source text access) is newer than the library types.
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context?.source !== undefined &&
    /^-?\d+$/.test(context.source)
      ? BigInt(context.source)
      : value;
  try {
    return JSON.parse(text, revive);
  } catch (error) {
    throw new UsageError(
      `Cannot read ${name}: it is not JSON, ${error instanceof Error ? error.message : ''}`,
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  ENOTDIR: 'no such file or folder',
  EACCES: 'the system does not permit it',
  EPERM: 'the system does not permit it',
  ELOOP: 'its links go round in a circle',
};

/** A file system error as a message for a person, with the nearest name in the same folder. */
export async function unreadable(
  action: string,
  full: string,
  cwd: string,
  error: unknown,
): Promise<UsageError> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const shown = relative(cwd, full).startsWith('..') ? full : relative(cwd, full) || '.';
  const near = REASONS[code] === REASONS.ENOENT ? await nearestFile(full) : undefined;
  return new UsageError(
    `Cannot ${action} "${shown}": ${REASONS[code] ?? `system error ${code}`}${
      near === undefined ? '' : `, did you mean "${join(dirname(shown), near)}"?`
    }`,
  );
}

async function nearestFile(full: string): Promise<string | undefined> {
  try {
    return nearest(basename(full), await readdir(dirname(full)));
  } catch {
    return undefined; // there is no such folder either, so nothing to suggest
  }
}
