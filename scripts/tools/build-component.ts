import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { componentEmbed, componentNew } from '@bytecodealliance/jco-transpile/wasm-tools';

/** WIT package `sandglass:host` and the world to build, as one text: paths do not work in the tools' own file system. */
export interface World {
  readonly wit: string;
  readonly name: string;
}

const HOST_WIT = new URL('../../wit/', import.meta.url);

/** A text of `root` (its package and world) with the package `sandglass:host` nested in it. */
export async function withHostPackage(root: string): Promise<string> {
  return `${root}\n${await hostPackage()}`;
}

export async function hostPackage(): Promise<string> {
  const files = (await readdir(HOST_WIT)).filter((name) => name.endsWith('.wit')).sort();
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, HOST_WIT), 'utf8')));
  const bodies = texts.map((text) => text.replace(/^package [^;]+;/m, ''));
  return `package sandglass:host@0.1.0 {\n${bodies.join('\n')}\n}`;
}

/** JavaScript on QuickJS: about 1 MB, starts in a millisecond, no Web APIs. */
export async function componentizeQuickJs(source: string, world: World): Promise<Uint8Array> {
  const { componentize } = createRequire(import.meta.url)(
    'componentize-qjs',
  ) as typeof import('componentize-qjs'); // its own types
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-wit-'));
  try {
    const witPath = join(folder, 'world.wit');
    await writeFile(witPath, world.wit);
    const options = { witPath, world: world.name, jsSource: source, sync: true, optSize: true };
    return new Uint8Array((await componentize(options)).component);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** JavaScript on SpiderMonkey: about 12 MB, with URL, TextDecoder and the other Web APIs; its `fetch` works over `wasi:http` if asked for. */
export async function componentizeSpiderMonkey(
  source: string,
  world: World,
  options: { readonly fetch?: boolean } = {},
): Promise<Uint8Array> {
  const { componentize } = await import('@bytecodealliance/componentize-js');
  const { component } = await componentize(source, world.wit, {
    worldName: world.name,
    disableFeatures: options.fetch === true ? ['fetch-event'] : ['http', 'fetch-event'],
  } as Parameters<typeof componentize>[1] & object); // the overload with inline WIT is the deprecated one, the only one without paths
  return component;
}

/** A core module whose exports follow the canonical ABI of the world. Strings are UTF-16, as in AssemblyScript's memory. */
export async function componentOfCore(
  core: Uint8Array,
  world: World,
  options: { readonly encoding?: 'utf8' | 'utf16'; readonly adapter?: Uint8Array } = {},
): Promise<Uint8Array> {
  const { encoding = 'utf16', adapter } = options;
  const embedded = await componentEmbed({
    binary: core,
    witSource: world.wit,
    world: world.name,
    stringEncoding: encoding,
  });
  return componentNew(embedded, adapter === undefined ? [] : [['wasi_snapshot_preview1', adapter]]);
}

/** The adapter that turns a preview1 command into a WASI 0.2 command. */
export const commandAdapter = async (): Promise<Uint8Array> =>
  new Uint8Array(
    await readFile(
      new URL(
        '../../node_modules/@bytecodealliance/jco/lib/wasi_snapshot_preview1.command.wasm',
        import.meta.url,
      ),
    ),
  );

/** AssemblyScript files to a core module. */
export async function compileAssemblyScript(
  files: ReadonlyMap<string, string>,
  entry: string,
  flags: readonly string[] = [],
): Promise<Uint8Array> {
  const { main } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(
    [entry, '--outFile', 'out.wasm', '--optimize', '--runtime', 'stub', '--use', 'abort=', ...flags],
    {
      readFile: (name) => files.get(name.replace(/^\.\//, '')) ?? null,
      writeFile: (name, contents) => {
        if (name === 'out.wasm' && contents instanceof Uint8Array) binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`Cannot compile ${entry}: ${stderr.toString()}`);
  return binary;
}
