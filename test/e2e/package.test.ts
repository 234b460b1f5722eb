import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { SNAPSHOT } from '../../runtime/platform/python/shipped-python.ts';
import { sha256Hex } from '../../runtime/platform/sha256-hex.ts';
import { readSource } from '../../scripts/check/sources.ts';
import { verifies } from '../support/verifies.ts';

const root = new URL('../../', import.meta.url);
const folder = fileURLToPath(root);
/** What an install may bring, as `du` counts it. */
const MOST_BYTES = 45_000_000;
const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const manifest = read('package.json');

/** Every file that `exports` and `bin` name, with the conditions on the way to it. */
function filesOf(value: unknown, conditions: readonly string[] = []): [conditions: string, file: string][] {
  if (typeof value === 'string') return [[conditions.join(' '), value]];
  return Object.entries(value as object).flatMap(([key, inner]) => filesOf(inner, [...conditions, key])); // package.json has texts and objects there
}

/** Bytes that a path takes of the disk: blocks of files, and of folders. */
function bytesOnDisk(path: string): number {
  const own = Math.ceil(lstatSync(path).size / 4096) * 4096;
  if (!lstatSync(path).isDirectory()) return own;
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .map((entry) => Math.ceil(lstatSync(join(entry.parentPath, entry.name)).size / 4096) * 4096)
    .reduce((sum, size) => sum + size, own);
}

/** Files below a path, or the file that it is. */
function filesBelow(path: string): readonly string[] {
  if (!lstatSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The packages that an install brings, by the lockfile. */
function installedPackages(): readonly string[] {
  const { packages } = read('package-lock.json') as { packages: Record<string, { dev?: boolean }> };
  return Object.keys(packages).filter((path) => path !== '' && packages[path]?.dev !== true);
}

describe('package.json', verifies('DX-04', 'DX-06'), () => {
  test.each(filesOf({ ...manifest.exports, ...manifest.bin }))('%s is a file: %s', (_conditions, file) => {
    expect(existsSync(new URL(file, root))).toBe(true);
  });

  test('every export that is not JSON has types under each condition', () => {
    const files = filesOf(manifest.exports).filter(([, file]) => !file.endsWith('.json'));
    const withoutLast = (conditions: string): string => conditions.split(' ').slice(0, -1).join(' ');
    const typed = files.filter(([, file]) => file.endsWith('.d.ts')).map(([conditions]) => conditions);
    for (const [conditions] of files.filter(([, file]) => !file.endsWith('.d.ts')))
      expect(typed).toContain(`${withoutLast(conditions)} types`);
  });

  test('has no script that npm runs, or asks about, where the package is installed', () => {
    const atInstall = [
      'preinstall',
      'install',
      'postinstall',
      'prepublish',
      'preprepare',
      'prepare',
      'postprepare',
    ];
    expect(atInstall.filter((name) => name in manifest.scripts)).toEqual([]);
  });

  test('an install brings at most 60 packages, and none of the build tools', () => {
    const installed = installedPackages();
    expect(installed.length).toBeLessThanOrEqual(60);
    expect(installed.filter((path) => /jco|binaryen|oxc|esbuild|typescript|wasmer/.test(path))).toEqual([]);
  });

  test('an install takes at most 45 MB of the disk', () => {
    // npm puts its own list and a folder or two beside them.
    const besides = 100_000;
    const parts = [...installedPackages(), 'package.json', 'README.md', 'LICENSE', ...manifest.files];
    const bytes = parts.map((part) => bytesOnDisk(join(folder, part)));
    expect(bytes.reduce((sum, size) => sum + size, besides)).toBeLessThanOrEqual(MOST_BYTES);
  });

  test('what is built imports nothing that an install does not bring', () => {
    // An optional peer is imported where it is there; without it a call says what to install.
    const brought = new Set([
      ...Object.keys(manifest.peerDependencies),
      ...Object.keys(manifest.dependencies),
      ...builtinModules,
      'sandglass',
    ]);
    const missing = filesBelow(join(folder, 'dist'))
      // What tools that ship import is theirs: it comes with them, and runs in guests.
      .filter(
        (file) =>
          file.endsWith('.js') && !/engines\/quickjs\/(library|prelude)\/|dist\/guest-tools\//.test(file),
      )
      .flatMap((file) =>
        readSource(file, readFileSync(file, 'utf8')).imports.map((one) => [file, one.specifier]),
      )
      .filter(([, specifier = '']) => {
        const [first = '', second] = specifier.split('/');
        const name = first.startsWith('@') ? `${first}/${second}` : first;
        // Read where the sources run: what is built has the files of Python with it, and looks there first.
        if (specifier === 'pyodide/package.json') return false;
        return !/^(\.|node:|#|https?:|file:)/.test(specifier) && !brought.has(name);
      });
    expect(missing).toEqual([]);
  });

  test('Python ships with what was derived of its very own code', () => {
    const built = (name: string): string => new URL(`dist/runtime/platform/python/${name}.js`, root).href;
    // In a process of its own: the text of the built code is an input, and a test's loader changes it.
    const program = `
      const { inputsOf } = await import(${JSON.stringify(built('pyodide-build'))});
      const files = await (await import(${JSON.stringify(built('pyodide-files'))})).readPyodide();
      const { shipped } = files.source;
      const snapshot = await shipped.derived(${JSON.stringify(SNAPSHOT)}, inputsOf(files));
      console.log(JSON.stringify([shipped.wasmHash, snapshot?.length > 10_000_000]));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    const wasm = readFileSync(new URL('node_modules/pyodide/pyodide.asm.wasm', root));
    expect(JSON.parse(stdout)).toEqual([sha256Hex(wasm), true]);
  });

  test('the types of what is built come from what an install brings', () => {
    // An optional peer may be absent, and types of Node come with a package of their own: neither may be named.
    const brought = [...Object.keys(manifest.dependencies), 'sandglass'];
    const foreign = filesBelow(join(folder, 'dist'))
      .filter((file) => file.endsWith('.d.ts'))
      .flatMap((file) =>
        readSource(file, readFileSync(file, 'utf8')).imports.map(({ specifier }) => [file, specifier]),
      )
      .filter(([, specifier = '']) => !specifier.startsWith('.'))
      .filter(([, specifier = '']) => !brought.some((name) => `${specifier}/`.startsWith(`${name}/`)));
    expect(foreign).toEqual([]);
  });

  test('what is bundled makes Node warn of nothing', () => {
    const program = `import { createRuntime } from './dist/runtime/index.js';
      await using runtime = createRuntime({ level: 'minimal' });
      const code = 'namespace N { export const n = 42 }; class A { @(() => {}) b() {} }; N.n';
      console.log((await runtime.run({ language: 'typescript', code })).value);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['42\n', '']);
  });

  test('the licence of what is bundled is in the built package', () => {
    const sections = readFileSync(new URL('dist/LICENSES.txt', root), 'utf8').split(/\n={100}\n/);
    for (const name of [
      '@bytecodealliance/jco-transpile',
      '@bytecodealliance/preview2-shim',
      '@wasmer/wasi',
      'sucrase',
    ]) {
      const section = sections.find((one) => one.split('\n').some((line) => line.startsWith(`${name} `)));
      expect(section?.length).toBeGreaterThan(1000);
    }
  });
});

describe('the repository', () => {
  test('has the folders and files at the top that it is known by', verifies('DX-01'), () => {
    const folders = ['runtime', 'host-functions', 'guest-tools', 'wit', 'scripts', 'test'];
    const files = ['package.json', 'tsconfig.json', 'README.md'];
    const isFolder = (name: string): boolean => statSync(join(folder, name)).isDirectory();
    expect(folders.filter((name) => !isFolder(name))).toEqual([]);
    expect(files.filter(isFolder)).toEqual([]);
  });

  test.each([
    '@bytecodealliance/jco',
    '@bytecodealliance/componentize-js',
    '@wasmer/wasi',
    // QuickJS itself is the `.wasm` of a package that quickjs-emscripten publishes beside it.
    '@jitl/quickjs-wasmfile-release-sync',
    'quickjs-emscripten-core',
    'pyodide',
    'ajv',
    'hono',
  ])('the product, or what builds it, loads %s', verifies('DX-02'), (name) => {
    const loads = new RegExp(`['"\`](?:\\.\\./)*(?:node_modules/)?${name}(?:/[^'"\`]*)?['"\`]`);
    const loading = ['runtime', 'host-functions', 'scripts']
      .flatMap((part) => filesBelow(join(folder, part)))
      .filter((file) => file.endsWith('.ts') && loads.test(readFileSync(file, 'utf8')));
    expect(loading).not.toEqual([]);
  });
});
