import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

export const ROOT = join(import.meta.dirname, '../../..');

/** What the entries call the sources is the published package to the bundler: its `exports`, its `dist/`. */
const publishedPackage: Plugin = {
  name: 'published-package',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /\/runtime\/index\.[a-z]+\.ts$/ }, ({ kind }) =>
      resolve('sandglass', { kind, resolveDir: ROOT }),
    );
    // Files of their own beside the bundle, as `prebuildComponent` asks for.
    onResolve({ filter: /^\.\/prebuilt\// }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^\.\/quickjs\.wasm$/ }, ({ kind }) =>
      resolve('sandglass/quickjs.wasm', { kind, resolveDir: ROOT }),
    );
  },
};

export interface Bundle {
  /** Files of the package and its dependencies that went in, relative to the project. */
  readonly inputs: readonly string[];
  /** What the bundle still imports. */
  readonly imports: readonly string[];
  readonly text: string;
}

/**
 * Bundles an entry of this folder with the built package, as a user's bundler would for one platform. An import of a `node:` module does not
 * resolve, and fails.
 */
export async function bundleEntry(
  entry: string,
  outfile: string,
  conditions: readonly string[],
): Promise<Bundle> {
  if (!existsSync(join(ROOT, 'dist/runtime/index.js'))) {
    throw new Error('Cannot bundle the package: it is not built, run `npm run build`');
  }
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(import.meta.dirname, entry)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: [...conditions],
    plugins: [publishedPackage],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    metafile: true,
    logLevel: 'silent',
  });
  return {
    inputs: Object.keys(metafile.inputs),
    imports: Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path)),
    text: await readFile(outfile, 'utf8'),
  };
}
