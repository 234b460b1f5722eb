import { readFile, stat } from 'node:fs/promises';
import { createRequire, findPackageJSON } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { fillShell } from '../../../build/fill-shell.ts';
import { type FoundSource, linkScript } from '../../../build/link-script.ts';
import { moduleEntry } from '../../../build/module-entry.ts';
import { pickShell } from '../../../build/shell-pack.ts';
import { interfacesOf, shellFor, shellWorld } from '../../../build/shells.ts';
import { withManifest } from '../../../build/tool-source.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import type { ToolSource } from './find-source.ts';

/** What builds tools of JavaScript. */
export type ScriptEngine = 'quickjs' | 'starlingmonkey';

export const SCRIPT_ENGINES: readonly ScriptEngine[] = ['quickjs', 'starlingmonkey'];

/** A tool of JavaScript or TypeScript as a component. Runs none of it. @throws {SandglassError} */
export async function buildScript(
  source: ToolSource,
  engine: ScriptEngine,
): Promise<Uint8Array<ArrayBuffer>> {
  const { folder, entry, manifest } = source;
  const program = await linkScript(await found(entry, folder), {
    find: (specifier, from) => find(specifier, from, folder),
    bundlePackage: await packageBundler(folder),
  });
  if (engine === 'starlingmonkey') return withStarlingMonkey(source, program);
  const file = new URL('../../../build/shells/shells.br', import.meta.url);
  const shells = await readFile(file).catch(() => {
    throw new SandglassError('INTERNAL', `Cannot build the tool: ${fileURLToPath(file)} is missing`, {
      hint: 'Install the package again: npm install sandglass',
    });
  });
  const shell = pickShell(brotliDecompressSync(shells), shellFor(manifest.capabilities));
  return fillShell(shell, program, manifest.text);
}

/** Paths in messages and in the tool are those below its folder: the same tool in another place has the same bytes. */
const found = async (path: string, folder: string): Promise<FoundSource> => ({
  id: relative(folder, path).replaceAll('\\', '/'),
  text: await readFile(path, 'utf8'),
});

const ENDINGS = ['', '.ts', '.js', '.mjs', '.json', '/index.ts', '/index.js'];

async function find(specifier: string, from: string, folder: string): Promise<FoundSource | undefined> {
  const base = resolve(folder, dirname(from), specifier);
  // TypeScript names the file that its own would become.
  const bases = [base, ...(base.endsWith('.js') ? [base.replace(/\.js$/, '.ts')] : [])];
  for (const path of bases.flatMap((one) => ENDINGS.map((ending) => `${one}${ending}`))) {
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile() === true) return found(path, folder);
  }
  return undefined;
}

type Esbuild = {
  readonly build: (
    options: object,
  ) => Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
};

/** The author's own esbuild; `undefined` where there is none. */
async function packageBundler(folder: string): Promise<((specifier: string) => Promise<string>) | undefined> {
  const path = resolvePackage('esbuild', folder);
  if (path === undefined) return undefined;
  return async (specifier) => {
    const { build } = (await import(pathToFileURL(path).href)) as Esbuild; // whatever its version: this much of it is old
    try {
      const { outputFiles } = await build({
        stdin: { contents: `module.exports = require(${JSON.stringify(specifier)});`, resolveDir: folder },
        bundle: true,
        write: false,
        format: 'cjs',
        platform: 'neutral',
        mainFields: ['module', 'main'],
        conditions: ['import', 'require', 'default'],
        target: 'es2022',
        legalComments: 'none',
        external: ['sandglass:host/*'],
        logLevel: 'silent',
      });
      return outputFiles[0]?.text ?? '';
    } catch (error) {
      throw new SandglassError(
        'INPUT_INVALID',
        `Cannot build the tool: the package ${JSON.stringify(specifier)} cannot be bundled: ` +
          `${error instanceof Error ? error.message.slice(0, 1_000) : ''}`,
        { hint: `npm install ${specifier}` },
      );
    }
  };
}

/** Of the author's folder, else of where the command was started. */
function resolvePackage(name: string, folder: string): string | undefined {
  for (const from of [folder, process.cwd()]) {
    try {
      return createRequire(join(from, 'tool.js')).resolve(name);
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

/** The entry of a package that can only be imported, which `require.resolve` does not find. */
async function moduleOf(name: string, folder: string): Promise<string | undefined> {
  for (const from of [folder, process.cwd()]) {
    const file = packageFile(name, join(from, 'tool.js'));
    if (file === undefined) continue;
    const { exports, main }: PackageFile = JSON.parse(await readFile(file, 'utf8'));
    return join(dirname(file), entryOf(exports) ?? main ?? 'index.js');
  }
  return undefined;
}

interface PackageFile {
  readonly exports?: unknown;
  readonly main?: string;
}

function packageFile(name: string, from: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(from));
  } catch {
    return undefined; // not installed there
  }
}

function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const conditions = exports as Readonly<Record<string, unknown>>; // looked at below
  return entryOf(conditions['.'] ?? conditions.import ?? conditions.default);
}

const COMPONENTIZE = '@bytecodealliance/componentize-js';

async function withStarlingMonkey(
  { folder, manifest }: ToolSource,
  program: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = await moduleOf(COMPONENTIZE, folder);
  if (path === undefined)
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot build with starlingmonkey: ${COMPONENTIZE} is not installed`,
      {
        hint: `npm install --save-dev ${COMPONENTIZE}`,
      },
    );
  const { componentize } = (await import(pathToFileURL(path).href)) as {
    readonly componentize: (
      source: string,
      wit: string,
      options: object,
    ) => Promise<{ readonly component: Uint8Array }>;
  };
  const interfaces = interfacesOf(manifest.capabilities);
  const { component } = await componentize(
    moduleEntry(program, manifest.text, interfaces),
    `${shellWorld(interfaces)}\n${await hostPackage()}`,
    { worldName: 'built', disableFeatures: ['http', 'fetch-event'] },
  );
  return withManifest(component, manifest);
}

/** The package `sandglass:host` as one text: its files lie beside the sources, and beside dist. */
async function hostPackage(): Promise<string> {
  const names = ['browser', 'docs', 'fs', 'http', 'kv', 'log', 'sql', 'tool', 'types'];
  for (const up of ['../../../../wit/', '../../../../../wit/']) {
    const texts = await Promise.all(
      names.map((name) =>
        readFile(new URL(`${up}${name}.wit`, import.meta.url), 'utf8').catch(() => undefined),
      ),
    );
    if (!texts.includes(undefined))
      return `package sandglass:host@0.1.0 {\n${texts.map((text = '') => text.replace(/^package [^;]+;/m, '')).join('\n')}\n}`;
  }
  throw new SandglassError('INTERNAL', 'Cannot build the tool: the folder wit of the package is missing', {
    hint: 'Install the package again: npm install sandglass',
  });
}
