import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import { sideModule } from '../support/side-module.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';
import { sha256, wheel, zip } from '../support/wheels.ts';

const CLI = join(import.meta.dirname, '../../runtime/doors/cli/main.ts');
const TAG = 'cp314-cp314-pyemscripten_2026_0_wasm32';
const LIMITS = { timeoutMs: 120_000 };

/** File name → its bytes: a lock, and the wheels that it names, native ones among them. */
let release: ReadonlyMap<string, Uint8Array>;
let folder: string;
let lock: string;
let server: Server;
let baseUrl: string;
let asked: string[] = [];

/** One file a package, as Pyodide lays out a release. */
async function layOut(): Promise<ReadonlyMap<string, Uint8Array>> {
  const native = zip([
    { name: 'numeric/__init__.py', content: 'from numeric._core import ANSWER\nfrom helping import HELP\n' },
    { name: 'numeric/_core.so', content: await sideModule('_core', 42) },
    { name: 'numeric-2.0.dist-info/METADATA', content: 'Name: numeric\nVersion: 2.0\n' },
  ]);
  const files = new Map<string, Uint8Array>([
    [`numeric-2.0-${TAG}.whl`, native],
    ['helping-1.0-py3-none-any.whl', wheel('helping', '1.0', 'HELP = 1\n').bytes],
    ['seeing_python-3.0-py3-none-any.whl', wheel('seeing-python', '3.0', '').bytes],
  ]);
  const seeing = zip([{ name: 'cv9.py', content: 'SEES = True\n' }]);
  files.set('seeing_python-3.0-py3-none-any.whl', seeing);
  const entry = (name: string, file: string, imports: string[], depends: string[] = []): object => ({
    name,
    version: file.split('-')[1],
    file_name: file,
    install_dir: 'site',
    sha256: sha256(files.get(file) ?? new Uint8Array()),
    package_type: 'package',
    imports,
    depends,
  });
  const packages = {
    numeric: entry('numeric', `numeric-2.0-${TAG}.whl`, ['numeric'], ['helping']),
    helping: entry('helping', 'helping-1.0-py3-none-any.whl', ['helping']),
    'seeing-python': entry('seeing-python', 'seeing_python-3.0-py3-none-any.whl', ['cv9']),
    missing: entry('missing', `missing-1.0-${TAG}.whl`, ['missing']),
  };
  const info = { abi_version: '2026_0', arch: 'wasm32', platform: 'emscripten', python: '3.14.0' };
  return files.set('pyodide-lock.json', Buffer.from(JSON.stringify({ info, packages })));
}

beforeAll(async () => {
  release = await layOut();
  folder = mkdtempSync(join(tmpdir(), 'sandglass-release-'));
  for (const [file, bytes] of release) writeFileSync(join(folder, file), bytes);
  lock = join(folder, 'pyodide-lock.json');
  server = createServer((request, response) => {
    const file = request.url?.slice('/full/'.length) ?? '';
    asked.push(file);
    const bytes = release.get(file);
    if (bytes === undefined) response.writeHead(404).end();
    else response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/full/`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

describe('a release of Pyodide', verifies('EX-21'), () => {
  test('by its address: the packages that a program imports, native ones too, each file once', async () => {
    asked = [];
    await using runtime = createRuntime({ cache: TEST_CACHE, packages: { baseUrl, lock } });
    const code = 'import numeric, cv9\n[numeric.ANSWER, numeric.HELP, cv9.SEES]';
    const outcome = await runtime.run({ language: 'python', code, limits: LIMITS });
    expect(outcome).toMatchObject({ ok: true, value: [42, 1, true], usage: { hostCalls: {} } });
    expect(await runtime.run({ language: 'python', code: 'import cv9', limits: LIMITS })).toMatchObject({
      ok: true,
    });
    expect(asked.filter((file, index) => asked.indexOf(file) !== index)).toEqual([]);
  });

  test('a file that is missing is named, with where it was looked for', async () => {
    await using runtime = createRuntime({ cache: TEST_CACHE, packages: { baseUrl, lock } });
    const outcome = await runtime.run({
      language: 'python',
      code: '1',
      packages: ['missing'],
      limits: LIMITS,
    });
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        code: 'UNSUPPORTED',
        message: expect.stringContaining(`missing-1.0-${TAG}.whl`),
        hint: expect.stringMatching(/127\.0\.0\.1.*--base-url.*--wheels/s),
      },
    });
  });

  test('as a folder that mirrors it, by flag and by the environment', { timeout: 240_000 }, async () => {
    const run = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> => {
      const told = await promisify(execFile)(
        process.execPath,
        [
          CLI,
          'eval',
          '--lang=python',
          'import numeric, cv9; print(numeric.ANSWER, cv9.SEES)',
          '--timeout=2m',
          ...args,
        ],
        { env: { ...process.env, ...env } },
      );
      return told.stdout;
    };
    expect(await run([`--wheels=${folder}`], {})).toBe('42 True\n');
    expect(await run(['--with=numeric'], { SANDGLASS_WHEELS: folder })).toBe('42 True\n');
  });
});
