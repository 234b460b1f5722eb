import { constants } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { scratchPath } from '../../vocabulary/guest-file.ts';
import { readBytes, unreadable } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { UsageError } from './usage-error.ts';

/** Files into the scratch folder of a run and out of it. */
export const SCRATCH_FLAGS: readonly Flag[] = [
  {
    name: 'put',
    value: 'FILE[:PATH]',
    repeats: true,
    help: 'Copy FILE into the scratch folder /tmp, as PATH. No grant is needed. Default its own name.',
  },
  {
    name: 'get',
    value: 'PATH[:FOLDER]',
    repeats: true,
    help: 'After the run, copy PATH of /tmp into FOLDER. Default the working folder; a glob (*, **, ?) needs a FOLDER.',
  },
];

/** Where what fits a pattern goes. */
export interface Fetch {
  readonly pattern: string;
  /** Absolute host path. */
  readonly folder: string;
}

/** Reads what `--put` names. @throws {UsageError} */
export async function readPuts(
  parsed: ParsedArguments,
  cwd: string,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const files: [string, Uint8Array][] = [];
  for (const text of parsed.all('put')) {
    const [file, path] = splitLast(text);
    const target = path === undefined ? basename(file) : below(path, `--put=${text}`, 'copy in');
    files.push([target, await readBytes(file, cwd)]);
  }
  return Object.fromEntries(files);
}

/** @throws {UsageError} for a glob without a folder, whose matches nobody has named. */
export function readGets(parsed: ParsedArguments, cwd: string): readonly Fetch[] {
  return parsed.all('get').map((text) => {
    const [pattern, folder] = splitLast(text);
    if (folder === undefined && /[*?]/.test(pattern)) {
      throw new UsageError(
        `Cannot use --get=${text}: a glob needs the folder that its files go to`,
        `E.g. --get='${text}:./out'`,
      );
    }
    return { pattern: below(pattern, `--get=${text}`, 'copy out'), folder: resolve(cwd, folder ?? '.') };
  });
}

/** A path below the scratch folder. @throws {UsageError} naming the flag, for one that leads out of it. */
function below(path: string, flag: string, action: string): string {
  try {
    return scratchPath(path, flag, action);
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

/** Files that were asked for by their name and that the run has not left. */
export const notLeft = (
  files: Readonly<Record<string, Uint8Array>>,
  fetches: readonly Fetch[],
  matches: (pattern: string, path: string) => boolean,
): readonly string[] =>
  fetches
    .map(({ pattern }) => pattern)
    .filter((pattern) => !/[*?]/.test(pattern) && !Object.keys(files).some((path) => matches(pattern, path)));

/**
 * Writes what a run gave back. A guest has chosen the names below each folder: none of them leads out of it, also not by a link that is there.
 * @throws {UsageError} naming the file that cannot be written.
 */
export async function writeFetched(
  files: Readonly<Record<string, Uint8Array>>,
  fetches: readonly Fetch[],
  matches: (pattern: string, path: string) => boolean,
  cwd: string,
): Promise<readonly string[]> {
  const written: string[] = [];
  for (const { pattern, folder } of fetches) {
    for (const [path, bytes] of Object.entries(files)) {
      if (!matches(pattern, path)) continue;
      // A single file goes by its own name, those of a glob keep the folders that they were found in.
      const target = join(folder, /[*?]/.test(pattern) ? path : basename(path));
      await makeFolder(pattern, folder, cwd);
      await write(folder, target, bytes, cwd);
      written.push(relative(cwd, target));
    }
  }
  return written;
}

async function makeFolder(pattern: string, folder: string, cwd: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    const shown = relative(cwd, folder);
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new UsageError(
        `Cannot use --get=${pattern}:${shown}: "${shown}" is a file, and has to be a folder`,
      );
    throw await unreadable('write', folder, cwd, error);
  }
}

async function write(folder: string, target: string, bytes: Uint8Array, cwd: string): Promise<void> {
  try {
    for (const above of foldersBetween(folder, dirname(target))) {
      await mkdir(above, { recursive: true });
      if ((await lstat(above)).isSymbolicLink()) {
        throw new UsageError(`Cannot write "${relative(cwd, target)}": "${relative(cwd, above)}" is a link`);
      }
    }
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0);
    await using file = await open(target, flags, 0o666);
    await file.writeFile(bytes);
  } catch (error) {
    throw error instanceof UsageError ? error : await unreadable('write', target, cwd, error);
  }
}

function foldersBetween(outer: string, inner: string): readonly string[] {
  const folders: string[] = [];
  for (let at = inner; at !== outer && at.length > outer.length; at = dirname(at)) folders.unshift(at);
  return folders;
}

/** `FILE:PATH` at its last colon; a path of one letter before it is a drive of Windows. */
function splitLast(text: string): readonly [string, string | undefined] {
  const at = text.lastIndexOf(':');
  return at <= 1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
