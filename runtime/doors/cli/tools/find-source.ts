import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type SourceManifest, sourceManifest } from '../../../build/tool-source.ts';
import { readText, unreadable } from '../files.ts';
import { UsageError } from '../usage-error.ts';

export type SourceKind = 'script' | 'python' | 'rust' | 'go' | 'c';

/** A tool as its author has it. */
export interface ToolSource {
  readonly kind: SourceKind;
  readonly folder: string;
  /** The file that a builder begins with. */
  readonly entry: string;
  readonly manifest: SourceManifest;
  /** Where the `.wasm` goes. */
  readonly output: string;
}

/** Files by which a folder tells what it is, the first that is there. */
const MAINS: readonly (readonly [string, SourceKind])[] = [
  ['tool.ts', 'script'],
  ['tool.js', 'script'],
  ['index.ts', 'script'],
  ['index.js', 'script'],
  ['Cargo.toml', 'rust'],
  ['go.mod', 'go'],
  ['tool.c', 'c'],
  ['main.c', 'c'],
];

/** @throws {UsageError | SandglassError} when there is nothing to build. */
export async function findSource(path: string, cwd: string): Promise<ToolSource> {
  const full = resolve(cwd, path);
  const info = await stat(full).catch(async (error: unknown) => {
    throw await unreadable('build', full, cwd, error);
  });
  return info.isDirectory() ? ofFolder(full, path) : ofFile(full, path);
}

async function ofFolder(folder: string, shown: string): Promise<ToolSource> {
  const names = await readdir(folder);
  const [file, kind] = MAINS.find(([name]) => names.includes(name)) ?? [];
  if (file === undefined || kind === undefined) {
    const script = names.find((name) => name.endsWith('.py'));
    if (script !== undefined) return ofFile(join(folder, script), join(shown, script));
    throw new UsageError(
      `Cannot build "${shown}": it has none of ${MAINS.map(([name]) => name).join(', ')}`,
      'sandglass tools new NAME begins a tool',
    );
  }
  const manifest = sourceManifest({
    path: shown,
    beside: await textOf(join(folder, 'manifest.json')),
    code: kind === 'script' ? await textOf(join(folder, file)) : undefined,
  });
  const output = join(folder, manifest.entry ?? `${basename(folder)}.wasm`);
  if (dirname(output) !== folder || !output.endsWith('.wasm'))
    throw new UsageError(
      `Cannot build "${shown}": entry of its manifest is not the name of a .wasm of its folder`,
      `E.g. "entry": "${basename(folder)}.wasm"`,
    );
  return { kind, folder, entry: join(folder, file), manifest, output };
}

async function ofFile(file: string, shown: string): Promise<ToolSource> {
  const ending = extname(file);
  if (!['.js', '.mjs', '.ts', '.py'].includes(ending))
    throw new UsageError(
      `Cannot build "${shown}": expected a folder, a .js or a .ts`,
      'A folder of Rust, C or Go is built by its name',
    );
  const folder = dirname(file);
  const stem = file.slice(0, -ending.length);
  const manifest = sourceManifest({
    path: shown,
    beside: await textOf(`${stem}.json`),
    code: await readText(file, folder),
  });
  const kind = ending === '.py' ? 'python' : 'script';
  return { kind, folder, entry: file, manifest, output: `${stem}.wasm` };
}

const textOf = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined); // whether there is one is what is asked
