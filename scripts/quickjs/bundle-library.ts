import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Packages inside the bundle ask for Node's modules by these names; each is the library's own. */
const OWN: Readonly<Record<string, string>> = {
  buffer: 'modules/buffer-package.ts',
  events: 'modules/events-package.ts',
  process: 'modules/process-package.ts',
  string_decoder: 'modules/string-decoder-package.ts',
  'abort-controller': 'modules/abort-package.ts',
  async_hooks: 'modules/async-hooks-package.ts',
};

/**
 * The guest-side library as one expression: a function that takes the prelude's internals. Each module in it is evaluated when it is first
 * asked for.
 */
export async function bundleLibrary(entry: string): Promise<string> {
  const folder = dirname(entry);
  const own: Plugin = {
    name: 'own',
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: /^(node:)?[a-z_-]+\/?$/ }, ({ path, importer }) => {
        const file = OWN[path.replace(/^node:/, '').replace(/\/$/, '')];
        if (file === undefined || importer.includes('/library/')) return undefined;
        return { path: join(folder, file) };
      });
      // Results show `done` first, as those of Node do.
      onLoad({ filter: /web-streams-polyfill\/dist\/ponyfill\.mjs$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replace(
          /\{value:(void 0|[a-z]),done:(![01])\}/g,
          '{done:$2,value:$1}',
        ),
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'library',
    target: 'es2023',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import', 'module', 'default'],
    charset: 'utf8',
    legalComments: 'none',
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'warning',
    plugins: [own],
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error('Cannot build QuickJS: the library did not bundle');
  return `(function () { "use strict"; ${text}\nreturn library.install; })()`;
}
