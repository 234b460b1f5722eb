import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ToolFile, ToolFiles } from '../contracts/platform.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { matchesScratch } from '../vocabulary/scratch-glob.ts';
import { type ToolChoice, toolFileKind } from '../vocabulary/tool-files.ts';
import { MIB } from '../vocabulary/units.ts';

const MOST = { files: 2_000, bytes: 64 * MIB, manifestBytes: MIB } as const;

/** What packages bring is theirs. */
const NEVER = ['node_modules', '__pycache__'];

/** Whether an entry of a folder is looked at. */
export const isLookedInto = (name: string): boolean => !name.startsWith('.') && !NEVER.includes(name);

/**
 * A file, or the files of a folder that could be tools: the file that its `manifest.json` names as `entry`; without one those in it, and of each
 * folder in it its `entry`, or the one tool that has the folder's name. With a choice also what lies deeper, and what is not a tool by its
 * name is told. Links are not followed: what a folder holds is in it.
 * @throws {SandglassError} INPUT_INVALID when there is nothing to read.
 */
export async function readTools(given: string | URL, choice?: ToolChoice): Promise<ToolFiles> {
  const path = given instanceof URL ? fileURLToPath(given) : given;
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw unreadable(path, 'there is no such file or folder');
  const maxBytes = Math.min(choice?.maxBytes ?? MOST.bytes, MOST.bytes);
  if (info.isFile())
    return { alone: true, files: [await readOne(await realpath(path), basename(path), maxBytes)] };
  if (!info.isDirectory()) throw unreadable(path, 'it is neither a file nor a folder');
  const folder = await realpath(path);
  const own = await readFolder(folder, basename(folder), maxBytes);
  if (own.length > 0) return { alone: true, files: own };
  const files: ToolFile[] = [];
  const found = { files, left: MOST.files, maxBytes, choice };
  await walk(folder, '', 1, found);
  if (found.left < 0)
    files.push(refused(folder, `${basename(folder)}/…`, `a folder has over ${MOST.files} entries`));
  return { alone: false, files };
}

interface Found {
  readonly files: ToolFile[];
  /** Entries that are still looked at. */
  left: number;
  readonly maxBytes: number;
  readonly choice: ToolChoice | undefined;
}

async function walk(folder: string, below: string, depth: number, found: Found): Promise<void> {
  const { choice, files, maxBytes } = found;
  const entries = (await readdir(folder, { withFileTypes: true })).sort((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  const names = new Set(entries.map(({ name }) => name));
  for (const entry of entries) {
    found.left -= 1;
    if (found.left < 0) return;
    if (!isLookedInto(entry.name)) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const at = join(folder, entry.name);
    if (entry.isDirectory()) {
      const own = isChosen(`${path}/`, choice) ? await readFolder(at, path, maxBytes) : [];
      if (own.length > 0) files.push(...own.filter((file) => isChosen(file.path, choice)));
      else if (choice === undefined) files.push(...(await readNamesake(at, entry.name, maxBytes)));
      else if (!isExcluded(path, choice)) {
        if (depth < choice.maxDepth) await walk(at, path, depth + 1, found);
        else files.push(refused(at, path, `it is a folder deeper than maxDepth ${choice.maxDepth}`, 'noise'));
      }
    } else if (!isChosen(path, choice)) continue;
    else if (toolFileKind(entry.name) === undefined) {
      if (choice !== undefined && choice.kind === undefined && !isManifest(entry.name, names))
        files.push(refused(at, path, 'no kind of tool has this ending', 'noise'));
    } else if (!entry.isFile()) files.push(refused(at, path, 'it is a link or a device'));
    else files.push(await readOne(at, path, maxBytes));
  }
}

/** What stands beside a tool is part of it. */
const isManifest = (name: string, names: ReadonlySet<string>): boolean =>
  name.endsWith('.json') &&
  [...names].some((other) => toolFileKind(other) !== undefined && stemOf(other) === name.slice(0, -5));

/** A path that ends with a slash is a folder, of which nobody knows yet what is in it. */
function isChosen(path: string, choice: ToolChoice | undefined): boolean {
  if (choice === undefined) return true;
  if (isExcluded(path.replace(/\/$/, ''), choice)) return false;
  if (path.endsWith('/')) return true;
  const { include, kind } = choice;
  if (kind !== undefined && toolFileKind(path) !== kind) return false;
  return include === undefined || include.some((pattern) => fits(pattern, path));
}

const isExcluded = (path: string, { exclude = [] }: ToolChoice): boolean =>
  exclude.some((pattern) => fits(pattern, path));

/** A pattern without a slash is about names, wherever they are. */
const fits = (pattern: string, path: string): boolean =>
  matchesScratch(pattern, pattern.includes('/') ? path : basename(path)) ||
  (pattern.endsWith('/**') && matchesScratch(pattern.slice(0, -3), path));

/** A folder that is one tool. */
async function readFolder(folder: string, name: string, maxBytes: number): Promise<readonly ToolFile[]> {
  const manifest = await readText(join(folder, 'manifest.json'));
  if (manifest === undefined) return [];
  const entry = entryOf(manifest);
  if (entry === undefined) return [];
  const path = `${name}/${entry}`;
  if (basename(entry) !== entry || toolFileKind(entry) === undefined)
    return [refused(join(folder, 'manifest.json'), path, 'entry is not the name of a file of its folder')];
  const at = join(folder, entry);
  if (entry.endsWith('.wasm') && (await lstat(at).catch(() => undefined)) === undefined)
    return [refused(at, path, `there is no ${entry} yet: sandglass tools build ${name} makes it`, 'noise')];
  return [{ ...(await readOne(at, path, maxBytes)), manifest }];
}

/** A folder whose only tool has the folder's name, as `sandglass tools new` makes them: `count/count.py`. */
async function readNamesake(folder: string, name: string, maxBytes: number): Promise<readonly ToolFile[]> {
  const tools = (await readdir(folder)).filter((file) => toolFileKind(file) !== undefined);
  const [own, ...others] = tools;
  if (own === undefined || others.length > 0 || stemOf(own) !== name) return [];
  return [await readOne(join(folder, own), `${name}/${own}`, maxBytes)];
}

function entryOf(manifest: string): string | undefined {
  try {
    const { entry } = JSON.parse(manifest) as { readonly entry?: unknown }; // looked at here
    return typeof entry === 'string' ? entry : undefined;
  } catch {
    return undefined; // a folder of something else
  }
}

async function readOne(at: string, path: string, maxBytes: number): Promise<ToolFile> {
  const info = await lstat(at).catch(() => undefined);
  if (info?.isFile() !== true) return refused(at, path, 'it is not a file');
  if (info.size > maxBytes) return refused(at, path, `it is over ${maxBytes} bytes`);
  await using file = await open(at);
  const bytes = new Uint8Array(await file.readFile());
  return { path, at, bytes, manifest: await readText(join(dirname(at), `${stemOf(basename(at))}.json`)) };
}

const stemOf = (name: string): string =>
  toolFileKind(name) === undefined ? name : name.slice(0, name.lastIndexOf('.'));

async function readText(path: string): Promise<string | undefined> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MOST.manifestBytes) return undefined;
  await using file = await open(path);
  return file.readFile('utf8');
}

const refused = (
  at: string,
  path: string,
  reason: string,
  as: 'kept out' | 'noise' = 'kept out',
): ToolFile => ({
  path,
  at,
  bytes: new Uint8Array(),
  manifest: undefined,
  refused: reason,
  ...(as === 'noise' ? { noise: true as const } : {}),
});

const unreadable = (path: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot load tools from ${JSON.stringify(path)}: ${reason}`);
