import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { verifies } from '../support/verifies.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const manifest = read('package.json');

/** Every file that `exports` and `bin` name, with the conditions on the way to it. */
function filesOf(value: unknown, conditions: readonly string[] = []): [conditions: string, file: string][] {
  if (typeof value === 'string') return [[conditions.join(' '), value]];
  return Object.entries(value as object).flatMap(([key, inner]) => filesOf(inner, [...conditions, key])); // package.json has texts and objects there
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
    const { packages } = read('package-lock.json') as { packages: Record<string, { dev?: boolean }> };
    const installed = Object.keys(packages).filter((path) => path !== '' && packages[path]?.dev !== true);
    expect(installed.length).toBeLessThanOrEqual(60);
    expect(installed.filter((path) => /jco|binaryen|oxc|esbuild|typescript|wasmer/.test(path))).toEqual([]);
  });

  test('the licence of what is bundled is in the built package', () => {
    for (const name of ['bytecodealliance-jco-transpile', 'bytecodealliance-preview2-shim', 'wasmer-wasi'])
      expect(statSync(new URL(`dist/LICENSES/${name}.txt`, root)).size).toBeGreaterThan(1000);
  });
});
