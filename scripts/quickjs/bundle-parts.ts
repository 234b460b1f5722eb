import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

/** Parts of the library that are kept as text, and compiled in a guest that names them: large for how seldom they are used. */
const PARTS = ['temporal', 'url-pattern', 'zstd', 'brotli', 'keys', 'curves'] as const;

/** Arithmetic of keys is the host's, also in the package that uses it. */
const numbers = (folder: string): Plugin => ({
  name: 'numbers',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/utils\.js$/ }, ({ importer }) =>
      importer.includes('/micro-rsa-dsa-dh/') ? { path: join(folder, '../keys/numbers.ts') } : undefined,
    );
  },
});

/**
 * The dictionary of Brotli as it is. The package has it compressed, and decompresses it by itself when it is first used: that took a guest a
 * billion operators.
 */
const dictionary: Plugin = {
  name: 'dictionary',
  setup: ({ onLoad }) => {
    onLoad({ filter: /brotli\/dec\/dictionary-(browser|data)\.js$/ }, async ({ path }) => {
      const file = pathToFileURL(join(dirname(path), 'dictionary.bin.js')).href; // its package exports no such thing
      const packed: { readonly default: string } = await import(file);
      const bytes = brotliDecompressSync(Buffer.from(packed.default, 'base64'));
      const { text, others } = asText(bytes);
      return {
        contents: `export function init() {
          const bytes = new TextEncoder().encode(${JSON.stringify(text)});
          for (const [at, byte] of ${JSON.stringify(others)}) bytes[at] = byte;
          return bytes;
        }`,
      };
    });
  },
};

/** Bytes as UTF-8, which a guest has encoded at once, and those among them that are none. */
function asText(bytes: Uint8Array): {
  readonly text: string;
  readonly others: readonly (readonly [at: number, byte: number])[];
} {
  const plain = bytes.slice();
  const others: [number, number][] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let at = 0; at < plain.length; ) {
    const byte = plain[at] ?? 0;
    const length = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    try {
      decoder.decode(plain.subarray(at, at + length));
      at += length;
    } catch {
      others.push([at, byte]);
      plain[at] = 0x3f;
      at += 1;
    }
  }
  return { text: decoder.decode(plain), others };
}

/** Part → an expression whose value is an object of what it exports. */
export async function bundleParts(folder: string): Promise<Readonly<Record<string, string>>> {
  const texts: [string, string][] = [];
  for (const name of PARTS) {
    const { outputFiles } = await build({
      entryPoints: [join(folder, `${name}.ts`)],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'part',
      target: 'es2023',
      platform: 'browser',
      charset: 'utf8',
      legalComments: 'none',
      minify: true,
      logLevel: 'warning',
      plugins: [numbers(folder), dictionary],
    });
    const text = outputFiles[0]?.text;
    if (text === undefined) throw new Error(`Cannot build QuickJS: the part ${name} did not bundle`);
    texts.push([name, `(function () { "use strict"; ${text}\nreturn part; })()`]);
  }
  return Object.fromEntries(texts);
}
