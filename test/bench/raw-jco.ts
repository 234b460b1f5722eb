import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transpileBytes } from '@bytecodealliance/jco-transpile';
import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';
import type { Peer } from './peer.ts';

/** What the transpiled file exports. */
interface Glue {
  instantiate(
    getCoreModule: (name: string) => Promise<WebAssembly.Module>,
    imports: object,
  ): Promise<Readonly<Record<string, (...args: readonly unknown[]) => unknown>>>;
}

const UNUSED = new Proxy({}, { get: () => () => undefined });

/**
 * The same component with nothing around it: transpiled and compiled once, then a fresh instance with the shim's WASI and one call. No grant,
 * no meter, no memory cap, no deadline; the shim's imports share their state between instances.
 */
export const rawJco = (
  name: string,
  component: Uint8Array,
  call: (exports: Awaited<ReturnType<Glue['instantiate']>>) => unknown,
): Peer => ({
  name,
  open: async () => {
    const { files } = await transpileBytes(component, {
      name: 'guest',
      instantiation: 'async',
      base64Cutoff: 0,
    });
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
    const modules = new Map<string, WebAssembly.Module>();
    for (const [file, contents] of Object.entries(files)) {
      if (file.endsWith('.wasm')) modules.set(file, await WebAssembly.compile(new Uint8Array(contents)));
    }
    const source = join(folder, 'guest.mjs');
    await writeFile(source, files['guest.js'] ?? '');
    const glue = (await import(pathToFileURL(source).href)) as Glue; // what instantiation: 'async' generates
    await rm(folder, { recursive: true });
    // Ours are there, and never called by what is measured.
    const imports = {
      ...new WASIShim().getImportObject(),
      'sandglass:host/fs': UNUSED,
      'sandglass:host/log': UNUSED,
    };
    const getCore = async (file: string): Promise<WebAssembly.Module> => {
      const module = modules.get(file);
      if (module === undefined) throw new Error(`Cannot measure jco: it has no ${file}`);
      return module;
    };
    return {
      name,
      once: async () => {
        call(await glue.instantiate(getCore, imports));
        return undefined;
      },
    };
  },
});
