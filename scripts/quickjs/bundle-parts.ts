import { join } from 'node:path';
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
      plugins: [numbers(folder)],
    });
    const text = outputFiles[0]?.text;
    if (text === undefined) throw new Error(`Cannot build QuickJS: the part ${name} did not bundle`);
    texts.push([name, `(function () { "use strict"; ${text}\nreturn part; })()`]);
  }
  return Object.fromEntries(texts);
}
