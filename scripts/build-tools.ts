// Builds every folder of guest-tools/ that changed: npm run build:tools [-- name…]

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { interfacesOf, shellWorld } from '../runtime/build/shells.ts';
import { addCustomSection } from '../runtime/wasm/add-custom-section.ts';
import { MANIFEST_SECTION } from '../runtime/wasm/tool-manifest.ts';
import {
  compileAssemblyScript,
  componentizeQuickJs,
  componentizeSpiderMonkey,
  componentOfCore,
  hostPackage,
  withHostPackage,
} from './tools/build-component.ts';

const TOOLS = new URL('../guest-tools/', import.meta.url);

type Backend = 'quickjs' | 'spidermonkey' | 'assemblyscript';

interface Recipe {
  readonly backend: Backend;
  /** File in the tool's folder that exports `run`, or the canonical ABI functions. */
  readonly entry: string;
}

/** Names of the tools in guest-tools/ that are built: those with a recipe. Scripts that ship as they are have none. */
export async function listTools(): Promise<readonly string[]> {
  const entries = await readdir(TOOLS, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/build.json`, TOOLS)))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Builds one tool unless its `.wasm` is up to date, and answers its bytes.
 * @param report Is told what was done, for people.
 */
export async function buildTool(
  name: string,
  report: (line: string) => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const folder = new URL(`${name}/`, TOOLS);
  const dist = new URL('dist/', folder);
  const target = new URL(`${name}.wasm`, dist);
  const stamp = new URL(`${name}.built`, dist);
  const sources = await readSources(folder);
  const key = await contentKey(sources);
  if ((await readFile(stamp, 'utf8').catch(() => '')) === key) {
    report(`${name}: up to date`);
    return new Uint8Array(await readFile(target));
  }
  const started = performance.now();
  const component = await compile(name, sources);
  await mkdir(dist, { recursive: true });
  await replace(target, component);
  await replace(stamp, new TextEncoder().encode(key));
  report(
    `${name}: ${(component.byteLength / 1024).toFixed(0)} KiB in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  return component;
}

async function compile(name: string, sources: ReadonlyMap<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const manifest = JSON.stringify(JSON.parse(required(sources, 'manifest.json')));
  const { backend, entry } = JSON.parse(required(sources, 'build.json')) as Recipe; // written by us, in this repository
  const { capabilities = [] } = JSON.parse(manifest) as { capabilities?: string[] }; // as above
  const wit = await withHostPackage(shellWorld(interfacesOf(capabilities)));
  const world = { wit, name: 'built' };
  const bare = {
    quickjs: async () => componentizeQuickJs(await bundle(name, entry, manifest), world),
    spidermonkey: async () => componentizeSpiderMonkey(await bundle(name, entry, manifest), world),
    assemblyscript: async () => {
      // Its own extension keeps AssemblyScript from being taken for TypeScript; the compiler wants `.ts`.
      const files = new Map([...sources].map(([file, text]) => [file.replace(/\.as$/, '.ts'), text]));
      files.set('manifest.ts', `export const MANIFEST = ${JSON.stringify(manifest)};\n`);
      return componentOfCore(await compileAssemblyScript(files, entry.replace(/\.as$/, '.ts')), world);
    },
  };
  const component = await bare[backend]();
  return new Uint8Array(addCustomSection(component, MANIFEST_SECTION, new TextEncoder().encode(manifest)));
}

async function bundle(name: string, entry: string, manifest: string): Promise<string> {
  const virtual: Plugin = {
    name: 'virtual',
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /^virtual:tool$/ }, () => ({
        path: fileURLToPath(new URL(`${name}/${entry}`, TOOLS)),
      }));
      onResolve({ filter: /^virtual:manifest$/ }, () => ({ path: 'manifest', namespace: 'virtual' }));
      onLoad({ filter: /.*/, namespace: 'virtual' }, () => ({
        contents: `export default ${JSON.stringify(manifest)};`,
        loader: 'js',
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('tools/entry.js', import.meta.url))],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    external: ['sandglass:host/*'],
    plugins: [virtual],
    logLevel: 'silent',
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error(`Cannot bundle ${name}: nothing came out`);
  return text;
}

async function readSources(folder: URL): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter(
    (name) => /\.(ts|as|json)$/.test(name) && !name.endsWith('.test.ts'),
  );
  return new Map(
    await Promise.all(
      names.sort().map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const),
    ),
  );
}

/** Everything that the built bytes depend on. */
async function contentKey(sources: ReadonlyMap<string, string>): Promise<string> {
  const ours = ['build-tools.ts', 'tools/build-component.ts', 'tools/entry.js', '../package-lock.json'];
  const texts = await Promise.all(ours.map((path) => readFile(new URL(path, import.meta.url), 'utf8')));
  const hash = createHash('sha256').update(await hostPackage());
  for (const text of [...texts, ...[...sources].flat()]) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex');
}

async function replace(target: URL, bytes: Uint8Array): Promise<void> {
  const draft = new URL(`${target.href}.${process.pid}`);
  await writeFile(draft, bytes);
  await rename(draft, target);
}

function required(sources: ReadonlyMap<string, string>, name: string): string {
  const text = sources.get(name);
  if (text === undefined) throw new Error(`Cannot build the tool: ${name} is missing`);
  return text;
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  for (const name of asked.length > 0 ? asked : await listTools()) {
    await buildTool(name, (line) => process.stdout.write(`${line}\n`));
  }
}
