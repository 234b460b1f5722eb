import { lstat, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ToolFile, ToolFiles } from '../contracts/platform.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { MIB } from '../vocabulary/units.ts';

const ENDINGS = /\.(?:wasm|m?js|ts|py)$/;

const MOST = { files: 2_000, bytes: 64 * MIB, manifestBytes: MIB } as const;

/**
 * A file, or the files of a folder that could be tools: the file that its `manifest.json` names as `entry`; without one those in it, and of each
 * folder in it its `entry`.
 * Links are not followed: what a folder holds is in it.
 * @throws {SandglassError} INPUT_INVALID when there is nothing to read.
 */
export async function readTools(given: string | URL): Promise<ToolFiles> {
  const path = given instanceof URL ? fileURLToPath(given) : given;
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw unreadable(path, 'there is no such file or folder');
  if (info.isFile()) return { alone: true, files: [await readOne(await realpath(path), basename(path))] };
  if (!info.isDirectory()) throw unreadable(path, 'it is neither a file nor a folder');
  const folder = await realpath(path);
  const own = await readFolder(folder, basename(folder));
  if (own.length > 0) return { alone: true, files: own };
  const entries = (await readdir(folder, { withFileTypes: true })).sort((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  const files: ToolFile[] = [];
  for (const entry of entries.slice(0, MOST.files)) {
    if (entry.name.startsWith('.')) continue;
    const at = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await readFolder(at, entry.name)));
    else if (ENDINGS.test(entry.name))
      files.push(
        entry.isFile() ? await readOne(at, entry.name) : refused(entry.name, 'it is a link or a device'),
      );
  }
  if (entries.length > MOST.files)
    files.push(refused(`${basename(folder)}/…`, `a folder has over ${MOST.files} entries`));
  return { alone: false, files };
}

/** A folder that is one tool. */
async function readFolder(folder: string, name: string): Promise<readonly ToolFile[]> {
  const manifest = await readText(join(folder, 'manifest.json'));
  if (manifest === undefined) return [];
  const entry = entryOf(manifest);
  if (entry === undefined) return [];
  const path = `${name}/${entry}`;
  if (basename(entry) !== entry || !ENDINGS.test(entry))
    return [refused(path, 'entry is not the name of a file of its folder')];
  const at = join(folder, entry);
  if (entry.endsWith('.wasm') && (await lstat(at).catch(() => undefined)) === undefined)
    return [refused(path, `there is no ${entry} yet: sandglass tools build ${name} makes it`)];
  return [{ ...(await readOne(at, path)), manifest }];
}

function entryOf(manifest: string): string | undefined {
  try {
    const { entry } = JSON.parse(manifest) as { readonly entry?: unknown }; // looked at here
    return typeof entry === 'string' ? entry : undefined;
  } catch {
    return undefined; // a folder of something else
  }
}

async function readOne(at: string, path: string): Promise<ToolFile> {
  const info = await lstat(at).catch(() => undefined);
  if (info?.isFile() !== true) return refused(path, 'it is not a file');
  if (info.size > MOST.bytes) return refused(path, `it is over ${MOST.bytes} bytes`);
  await using file = await open(at);
  const bytes = new Uint8Array(await file.readFile());
  const stem = basename(at).replace(ENDINGS, '');
  return { path, bytes, manifest: await readText(join(dirname(at), `${stem}.json`)) };
}

async function readText(path: string): Promise<string | undefined> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isFile() !== true || info.size > MOST.manifestBytes) return undefined;
  await using file = await open(path);
  return file.readFile('utf8');
}

const refused = (path: string, reason: string): ToolFile => ({
  path,
  bytes: new Uint8Array(),
  manifest: undefined,
  refused: reason,
});

const unreadable = (path: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot load tools from ${JSON.stringify(path)}: ${reason}`);
