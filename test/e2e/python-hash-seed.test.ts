import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type RunOptions, type Runtime } from '../../runtime/index.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/sandglass-test');
const HASHES: RunOptions = { language: 'python', code: "[hash(text) for text in ('x', 'y', 'z')]" };
const answerOf = (outcome: Outcome): unknown => (outcome.ok ? outcome.value : outcome.error);

describe("python.hashSeed 'run'", { timeout: 180_000 }, () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime({ cache: CACHE, python: { hashSeed: 'run' } });
  });
  afterAll(() => runtime.close());

  test('each run has a seed of its own, warm or not, at every level', async () => {
    const seen: unknown[] = [];
    for (const level of ['standard', 'standard', 'standard', 'maximum'] as const)
      seen.push(answerOf(await runtime.run({ ...HASHES, level })));
    const more = { memoryBytes: 600 * 1024 * 1024 };
    seen.push(answerOf(await runtime.run({ ...HASHES, limits: more })));
    for (const value of seen) expect(value).toEqual([0, 1, 2].map(() => expect.any(Number)));
    expect(new Set(seen.map(String)).size).toBe(seen.length);
  });

  test('with a seed of the caller, hashes repeat, as they do with snapshots', async () => {
    const deterministic = { seed: 7, now: 0 };
    await using other = createRuntime({ cache: CACHE });
    const runs = [runtime, runtime, other].map((one) => one.run({ ...HASHES, deterministic }));
    const [first, second, third] = await Promise.all(runs);
    expect(first).toMatchObject({ ok: true });
    expect(second).toMatchObject({ ok: true, value: first?.ok === true ? first.value : undefined });
    expect(third).toMatchObject({ ok: true, value: first?.ok === true ? first.value : undefined });
    expect(second?.usage.fuel).toBe(first?.usage.fuel);
    expect(third?.usage.fuel).toBe(first?.usage.fuel);
  });

  test('a session keeps its own', async () => {
    const [one, other] = await Promise.all(
      ['one', 'other'].map((name) => runtime.sessions.open({ name, language: 'python' })),
    );
    const code = HASHES.code ?? '';
    const [first, again, elsewhere] = [
      await one?.run({ code }),
      await one?.run({ code }),
      await other?.run({ code }),
    ];
    expect(first).toMatchObject({ ok: true });
    if (first?.ok === true) {
      expect(again).toMatchObject({ ok: true, value: first.value });
      expect(elsewhere).not.toMatchObject({ value: first.value });
    }
    await Promise.all([one?.close(), other?.close()]);
  });

  test('start-up is nothing that the run pays for, and nothing that it sees', async () => {
    const code =
      "import os, sys\n[dict(os.environ), 'js' in sys.modules, 'json' in sys.modules, sys.getrecursionlimit()]";
    const outcome = await runtime.run({ language: 'python', code, limits: { fuel: 10_000_000 } });
    expect(outcome).toMatchObject({ ok: true, value: [{}, false, true, 1000], stderr: '' });
  });
});

test('by default runs of one install have the same hashes', { timeout: 120_000 }, async () => {
  await using runtime = createRuntime({ cache: CACHE });
  const first = await runtime.run(HASHES);
  expect(first).toMatchObject({ ok: true });
  if (first.ok) expect(await runtime.run(HASHES)).toMatchObject({ ok: true, value: first.value });
});

test.each([
  [{ python: { hashSeed: 'always' } }, /python\.hashSeed "always"/],
  [{ python: { seed: 1 } }, /python: unknown option "seed"/],
  [{ python: null }, /python is no object/],
  [{ python: { hashSeed: 'run' }, packages: { snapshots: [['attrs']] } }, /python\.hashSeed 'run' excludes/],
])('createRuntime refuses %j', (options, text) => {
  expect(() => createRuntime(options as object)).toThrow(text);
});
