import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPipIndex } from '../../runtime/doors/cli/pip-index.ts';
import type { Runtime } from '../../runtime/index.ts';
import { createRuntime } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';
import { wheel } from '../support/wheels.ts';

const CLI = join(import.meta.dirname, '../../runtime/doors/cli/main.ts');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-e2e-wheels-'));
  const { file, bytes } = wheel('hello-pkg', '1.0', 'X = 42\n');
  writeFileSync(join(folder, file), bytes);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('packages of a folder', verifies('EX-20'), () => {
  test('are there by name and by import, at every level, and the guest asks for nothing', async () => {
    await using runtime = createRuntime({ cache: TEST_CACHE, packages: { wheels: folder } });
    const code = 'import hello_pkg\nprint(hello_pkg.X)';
    for (const level of ['standard', 'maximum'] as const) {
      expect(await runtime.run({ language: 'python', code, packages: ['hello_pkg'], level })).toMatchObject({
        ok: true,
        stdout: '42\n',
        usage: { hostCalls: {} },
      });
    }
    expect(await runtime.run({ language: 'python', code })).toMatchObject({ ok: true, stdout: '42\n' });
  });

  test('that are not there end the run before it starts, naming the package and what to do', async () => {
    await using runtime = createRuntime({ cache: TEST_CACHE, packages: { wheels: folder } });
    expect(await runtime.run({ language: 'python', code: '1', packages: ['numpy'] })).toMatchObject({
      ok: false,
      error: {
        code: 'UNSUPPORTED',
        message: expect.stringContaining('numpy'),
        hint: expect.stringContaining('--wheels'),
      },
    });
    await using bare = createRuntime({ cache: TEST_CACHE });
    const code = 'import numpy as np\nprint(np.arange(1, 6).mean())';
    const rules = { imports: ['numpy', 'pandas', 'math'], block: ['eval', 'exec', 'open'] };
    expect(await bare.run({ language: 'python', code, packages: ['numpy'], options: rules })).toMatchObject({
      ok: false,
      error: { code: 'UNSUPPORTED', message: expect.stringContaining('numpy') },
    });
  });

  test('are for Python alone, and are named by text', async () => {
    await using runtime = createRuntime({ cache: TEST_CACHE });
    await expect(runtime.run({ language: 'javascript', code: '1', packages: ['x'] })).rejects.toThrow(
      TypeError,
    );
    await expect(
      runtime.run({ language: 'python', code: '1', packages: [1 as unknown as string] }),
    ).rejects.toThrow(TypeError);
  });

  test.each([
    [{ weels: '/x' }, 'weels'],
    [{ index: 'http://example.com/simple/' }, 'https'],
    [{ index: 'nonsense' }, 'https'],
    [{ offline: 'yes' }, 'offline'],
    [{ lock: '/x' }, 'wheels'],
  ])('createRuntime refuses %j', (packages, text) => {
    expect(() => createRuntime({ packages: packages as object })).toThrow(text);
  });

  test('sandglass run --with, --wheels', () => {
    const program = join(folder, 'main.py');
    writeFileSync(program, 'import hello_pkg\nprint(hello_pkg.X)\n');
    const out = execFileSync(
      process.execPath,
      [CLI, 'run', program, '--with=hello-pkg', `--wheels=${folder}`],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    expect(out).toBe('42\n');
  });
});

/** The index that pip uses here, if it can be reached. */
async function reachableIndex(): Promise<string | undefined> {
  const index = process.env.SANDGLASS_INDEX ?? (await findPipIndex(process.env));
  if (index === undefined) return undefined;
  const answer = await fetch(new URL('msgspec/', `${index}/`), { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  await answer?.body?.cancel();
  return answer?.ok === true ? index : undefined;
}

const index = await reachableIndex();
if (index === undefined) console.warn('NOT RUN: packages of an index: no package index is reached from here');

describe.skipIf(index === undefined)(
  'packages of an index (needs one that is reached)',
  { timeout: 300_000 },
  () => {
    let cache: string;
    let runtime: Runtime;
    beforeAll(() => {
      cache = mkdtempSync(join(tmpdir(), 'sandglass-e2e-cache-'));
      runtime = createRuntime({ cache, packages: index === undefined ? {} : { index } });
    });
    afterAll(async () => {
      await runtime.close();
      rmSync(cache, { recursive: true });
    });

    test('a binary wheel runs under fuel, and offline the next time', verifies('EX-21'), async () => {
      const guest = {
        language: 'python',
        packages: ['msgspec>=0.19'],
        code: 'import msgspec\nclass Point(msgspec.Struct):\n  x: int\nmsgspec.json.decode(b\'{"x": 3}\', type=Point).x',
        limits: { timeoutMs: 60_000 },
      } as const;
      expect(await runtime.run(guest)).toMatchObject({ ok: true, value: 3, usage: { hostCalls: {} } });
      await using offline = createRuntime({ cache, packages: { index: index ?? '', offline: true } });
      expect(await offline.run(guest)).toMatchObject({ ok: true, value: 3 });
      const endless = { ...guest, code: `${guest.code}\nwhile True: msgspec.json.encode([1] * 100_000)` };
      expect(
        await offline.run({ ...endless, limits: { fuel: 3_000_000_000, timeoutMs: 60_000 } }),
      ).toMatchObject({
        ok: false,
        error: { code: 'FUEL_EXHAUSTED' },
      });
    });

    test('a binary wheel in Rust, and what it depends on', async () => {
      const outcome = await runtime.run({
        language: 'python',
        packages: ['pydantic>=2'],
        code: 'import pydantic\nclass M(pydantic.BaseModel):\n  a: int\nM.model_validate_json(\'{"a": 5}\').model_dump()',
        limits: { timeoutMs: 120_000 },
      });
      expect(outcome).toMatchObject({ ok: true, value: { a: 5 } });
    });

    test('a pure one with a dependency', async () => {
      const outcome = await runtime.run({
        language: 'python',
        packages: ['python-dateutil'],
        code: "import dateutil.parser\nstr(dateutil.parser.parse('3 May 2020'))",
        limits: { timeoutMs: 60_000 },
      });
      expect(outcome).toMatchObject({ ok: true, value: '2020-05-03 00:00:00' });
    });

    test.each([
      ['sympy', 'import sympy', 2_000_000_000],
      ['networkx', 'import networkx', 1_000_000_000],
      ['beautifulsoup4', 'import bs4', 1_000_000_000],
      ['pydantic', 'from pydantic import BaseModel', 1_000_000_000],
      ['openpyxl', 'import openpyxl', 1_000_000_000],
      ['rich', 'import rich.console, rich.progress, rich.table', 1_000_000_000],
      ['jsonschema', "import jsonschema\njsonschema.validate({'a': [1]}, {'type': 'object'})", 1_000_000_000],
    ])('importing %s compiles none of it: it was compiled when it was fetched', async (name, code, most) => {
      const limits = { fuel: most, timeoutMs: 120_000 };
      expect(await runtime.run({ language: 'python', packages: [name], code, limits })).toMatchObject({
        ok: true,
      });
    });

    test('numpy and pandas compute, where the index has wheels of them for this interpreter', async () => {
      const outcome = await runtime.run({
        language: 'python',
        packages: ['numpy', 'pandas'],
        code: "import numpy as np, pandas as pd\n[float(np.arange(1, 6).mean()), pd.DataFrame({'a': [1, 2]}).to_dict('records')]",
        limits: { timeoutMs: 120_000 },
      });
      if (!outcome.ok && outcome.error.code === 'UNSUPPORTED') {
        expect(outcome.error.message).toMatch(/numpy|pandas/);
        console.warn(`NOT RUN: numpy and pandas: ${outcome.error.message}`);
        return;
      }
      expect(outcome).toMatchObject({ ok: true, value: [3, [{ a: 1 }, { a: 2 }]] });
    });
  },
);
