// Makes one file of what is needed of a large package when guests run, with the licences of all that is in it; users do not install the package.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { buildSync } from 'esbuild';
import { keepLicences, packagesOf } from './keep-licences.ts';

const root = join(import.meta.dirname, '..');
const packages = join(root, 'node_modules');
const jco = join(packages, '@bytecodealliance/jco-transpile');
const shim = join(packages, '@bytecodealliance/preview2-shim');

interface Part {
  /** Built file that becomes the bundle. */
  readonly file: string;
  readonly alias?: Readonly<Record<string, string>>;
  readonly define?: Readonly<Record<string, string>>;
  /** Modules that the code loads from beside itself; they ship packed. */
  readonly beside?: readonly string[];
}

const PARTS: readonly Part[] = [
  {
    file: 'engines/component/glue/generator.js',
    // The generator asks WASI for an empty environment and no folder; the shim's form for browsers has no thread and no files to give.
    alias: Object.fromEntries(
      ['cli', 'filesystem', 'io', 'random'].map((part) => [
        `@bytecodealliance/preview2-shim/${part}`,
        join(shim, `dist/browser/${part}.js`),
      ]),
    ),
    beside: ['core', 'core2'].map((part) => join(jco, `vendor/js-component-bindgen-component.${part}.wasm`)),
  },
  { file: 'engines/preview1/wasmer.js' },
  { file: 'engines/quickjs/kdf-primitive.js' },
  // A library in it looks for its settings there, and Node warns of that.
  { file: 'engines/quickjs/lower.js', define: { localStorage: 'undefined' } },
];

/** Packages whose work is in `dist` without their code being bundled: name → what of it. */
const BUILT_FROM = [
  '@jitl/quickjs-wasmfile-release-sync',
  '@noble/ciphers',
  '@noble/curves',
  '@noble/hashes',
  'base64-js',
  'brotli',
  'buffer',
  'events',
  'fflate',
  'fzstd',
  'ieee754',
  'micro-rsa-dsa-dh',
  'readable-stream',
  'safe-buffer',
  'string_decoder',
  'temporal-polyfill',
  'unenv',
  'urlpattern-polyfill',
  'web-streams-polyfill',
];

/** How the bundled code reads a module, which is where it unpacks it. */
const READ = /WebAssembly\.compile\((await [\w$]+\.readFile\([\w$]+\))\)/g;

keepLicences(BUILT_FROM);
for (const { file, alias, define, beside = [] } of PARTS) {
  const path = join(root, 'dist/runtime', file);
  const { metafile } = buildSync({
    entryPoints: [path],
    outfile: path,
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    target: 'es2024',
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    absWorkingDir: root,
    ...(alias === undefined ? {} : { alias: { ...alias } }),
    ...(define === undefined ? {} : { define: { ...define } }),
  });
  keepLicences(packagesOf(metafile));
  if (beside.length > 0) packBeside(path, beside);
}

/** Puts modules beside a bundle, a fifth of their size, and has it unpack them. */
function packBeside(path: string, modules: readonly string[]): void {
  let text = readFileSync(path, 'utf8');
  const replaceOnce = (what: string | RegExp, by: string): void => {
    const parts = text.split(what);
    const expected = typeof what === 'string' ? 2 : 3; // a pattern leaves its group between the parts
    if (parts.length !== expected) throw new Error(`Cannot pack what ${basename(path)} loads: ${what}`);
    text = typeof what === 'string' ? parts.join(by) : text.replace(what, by);
  };
  for (const from of modules) {
    const name = basename(from);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };
    writeFileSync(join(dirname(path), `${name}.br`), brotliCompressSync(readFileSync(from), { params }));
    replaceOnce(`${name}"`, `${name}.br"`);
  }
  replaceOnce(READ, 'WebAssembly.compile((await import("node:zlib")).brotliDecompressSync($1))');
  writeFileSync(path, text);
}
