import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { countingEngine } from '../support/counting-engine.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = createRuntime();
  folder = mkdtempSync(join(tmpdir(), 'sandglass-cells-'));
  writeFileSync(join(folder, 'a.txt'), 'as it was');
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

describe('nothing can be written but what a grant and the scratch folder give', verifies('EX-22'), () => {
  const PROGRAMS = {
    javascript: {
      write: "await fs.writeFile('/d/a.txt', 'changed')",
      remove: "await fs.rm('/d/a.txt')",
      scratch: "await fs.writeFile('/tmp/mine', 'kept'); await fs.readFile('/tmp/mine', 'utf8')",
      look: "(await fs.readdir('/tmp')).includes('mine')",
    },
    python: {
      write: "open('/d/a.txt', 'w').write('changed')",
      remove: "import os\nos.remove('/d/a.txt')",
      scratch: "with open('/tmp/mine', 'w') as f: f.write('kept')\nopen('/tmp/mine').read()",
      look: "import os\n'mine' in os.listdir('/tmp')",
    },
  } as const;
  const grant = (): Grant => ({ fs: [{ host: folder, guest: '/d', access: ['read'] }] });

  describe.each(['minimal', 'standard', 'strict', 'maximum'] as const)('at level %s', (level) => {
    test.each(['javascript', 'python'] as const)('%s', async (language) => {
      const { write, remove, scratch, look } = PROGRAMS[language];
      for (const [code, capability] of [
        [write, 'fs.write'],
        [remove, 'fs.delete'],
      ] as const) {
        const denied = await runtime.run({ language, code, level, grant: grant() });
        expect(denied).toMatchObject({
          ok: false,
          error: { code: 'CAPABILITY_DENIED', details: { capability } },
        });
      }
      expect(readdirSync(folder)).toEqual(['a.txt']);
      expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('as it was');
      expect(await runtime.run({ language, code: scratch, level })).toMatchObject({
        ok: true,
        value: 'kept',
      });
      expect(await runtime.run({ language, code: look, level })).toMatchObject({ ok: true, value: false });
    });
  });
});

describe('a guest is used once, and the next finds a warm cell', verifies('EX-23'), () => {
  const PATH = process.env.PATH;
  afterAll(() => {
    process.env.PATH = PATH;
  });

  test.each([
    ['python', 'standard', 'x = 1', "'x' in globals()"],
    ['python', 'strict', 'x = 1', "'x' in globals()"],
    ['python', 'maximum', 'x = 1', "'x' in globals()"],
    ['javascript', 'standard', 'globalThis.x = 1; Object.prototype.y = 1', "'x' in globalThis || 'y' in {}"],
    ['javascript', 'strict', 'globalThis.x = 1; Object.prototype.y = 1', "'x' in globalThis || 'y' in {}"],
    ['javascript', 'maximum', 'globalThis.x = 1; Object.prototype.y = 1', "'x' in globalThis || 'y' in {}"],
  ] as const)('%s at %s, with no other program on the machine', async (language, level, first, second) => {
    process.env.PATH = '/nonexistent';
    // At maximum none is kept warm by default.
    await using own = createRuntime({ cells: { warm: level === 'maximum' ? 2 : 1 } });
    expect(await own.run({ language, code: first, level })).toMatchObject({
      ok: true,
      usage: { coldStart: true },
    });
    // The pool is filled again beside what runs. A run that comes sooner than a cell starts waits for it, and takes it from the next.
    await expect
      .poll(async () => (await own.run({ language, code: second, level })).usage.coldStart, {
        interval: 1_500,
      })
      .toBe(false);
    expect(await own.run({ language, code: second, level })).toMatchObject({ ok: true, value: false });
  });
});

test.each([
  ['standard', 20, false],
  ['standard', 500, true],
  ['maximum', 20, false],
] as const)('at level %s idle cells may hold %i MiB: is a Python kept warm? %s', async (level, mib, warm) => {
  const cells = { warm: 2, idleMemoryBytes: mib * 1024 * 1024 };
  await using own = createRuntime({ cells });
  await using other = createRuntime({ cells: { warm: 2 } });
  const isCold = async (owner: Runtime): Promise<boolean> =>
    (await owner.run({ language: 'python', code: '1', level })).usage.coldStart;
  expect(await isCold(own)).toBe(true);
  expect(await isCold(other)).toBe(true);
  // Once a runtime that may keep its cell has one, the first would have had one too.
  await expect.poll(() => isCold(other), { interval: 500 }).toBe(false);
  if (warm) await expect.poll(() => isCold(own), { interval: 500 }).toBe(false);
  else expect(await isCold(own)).toBe(true);
});

test('a trap in one guest leaves those beside it and those after it alone', verifies('EX-25'), async () => {
  const trap = await loadGuest('preview1/trap.wat');
  for (const level of ['minimal', 'standard', 'maximum'] as const) {
    const outcomes = await Promise.all([
      runtime.run({ module: trap, level }),
      runtime.run({
        language: 'javascript',
        code: "await new Promise((r) => setTimeout(r, 20)); 'well'",
        level,
      }),
      runtime.run({ language: 'javascript', code: "'well'", level }),
    ]);
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code))).toEqual([
      'GUEST_TRAPPED',
      'well',
      'well',
    ]);
    expect(await runtime.run({ module: await loadGuest('preview1/hello.wat'), level })).toMatchObject({
      ok: true,
    });
  }
});

describe('an engine of the embedder', verifies('EX-27', 'DX-11'), () => {
  let own: Runtime;
  beforeAll(() => {
    own = createRuntime({ engines: [countingEngine] });
  });
  afterAll(() => own.close());

  test('is listed with what holds for it', () => {
    expect(own.engines().find(({ name }) => name === 'counter')).toMatchObject({
      version: '1.0.0',
      languages: ['fake'],
      realm: 'sealed',
      cells: ['inline', 'worker', 'process'],
      network: 'host functions only',
    });
  });

  test.each(['minimal', 'standard', 'maximum'] as const)(
    'runs, and is held to its limits, at level %s',
    async (level) => {
      expect(await own.run({ language: 'fake', code: 'count 1000', level })).toMatchObject({
        ok: true,
        value: 1000,
        meta: { engine: 'counter', level },
      });
      const endless = { language: 'fake', code: 'count Infinity', level } as const;
      expect(await own.run({ ...endless, limits: { timeoutMs: 200 } })).toMatchObject({
        ok: false,
        error: { code: 'DEADLINE_EXCEEDED' },
      });
      expect(await own.run({ language: 'fake', code: 'count 1', level })).toMatchObject({
        ok: true,
        value: 1,
      });
    },
  );
});
