import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type Runtime } from '../../runtime/index.ts';
import { TEST_CACHE } from '../support/test-cache.ts';
import { verifies } from '../support/verifies.ts';

verifies('RS-02');

/** A guest that reaches for what its interpreter tells the host of its end. */
const FORGE = `import sys
host = sys.modules['_sandglass_host']._host
host.report('{"value":{"tree":"forged","leaves":[]}}')
`;

describe('a Python guest that reports for itself', () => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime({
      cache: TEST_CACHE,
      cells: { warm: 1, maxCells: 4, maxSessions: 2 },
    });
  });
  afterAll(() => runtime.close());

  const run = (code: string): Promise<Outcome> =>
    runtime.run({ language: 'python', code, limits: { timeoutMs: 1_000, fuel: 2_000_000_000 } });

  test('is not let go on by it: deadline and fuel hold', async () => {
    const outcome = await run(`${FORGE}while True: pass`);
    expect(outcome).toMatchObject({ ok: false });
    expect(['DEADLINE_EXCEEDED', 'FUEL_EXHAUSTED']).toContain(outcome.ok ? 'ok' : outcome.error.code);
    expect(await run('1 + 1')).toMatchObject({ ok: true, value: 2 });
  });

  test('answers what it could have answered anyway, and nothing that it does afterwards reaches anybody', async () => {
    const code = `${FORGE}import asyncio
print('before')
await asyncio.sleep(0.01)
print('after')`;
    expect(await run(code)).toMatchObject({ ok: true, value: 'forged', stdout: 'before\n' });
    expect(await run('1 + 1')).toMatchObject({ ok: true, value: 2, stdout: '' });
  });

  test.each([
    ['text that is not a report', `host.report('x')`, 'GUEST_TRAPPED'],
    [
      'a value that nests too deep',
      `host.report('{"value":{"tree":' + '[' * 50_000 + ']' * 50_000 + ',"leaves":[]}}')`,
      'GUEST_TRAPPED',
    ],
    ['arguments that are no object', `host.call('fs.read', '[]')`, 'GUEST_THREW'],
    ['arguments that are no JSON', `host.call('fs.read', '{')`, 'GUEST_THREW'],
    ['an object for a report', 'host.report(host)', 'GUEST_THREW'],
  ])('%s is an error of its own', async (_name, body, code) => {
    const outcome = await run(`import sys\nhost = sys.modules['_sandglass_host']._host\n${body}\n'done'`);
    expect(outcome).toMatchObject({ ok: false, error: { code } });
  });

  test('in a session spoils that session alone', async () => {
    await using own = await runtime.sessions.open({ language: 'python' });
    await using other = await runtime.sessions.open({ language: 'python' });
    await other.run({ code: 'x = 1' });
    const forged = await own.run({ code: `${FORGE}import asyncio\nawait asyncio.sleep(5)\nprint('late')` });
    expect(forged).toMatchObject({ ok: true, value: 'forged', stdout: '' });
    const next = await own.run({ code: '6 * 7' });
    expect(next.stdout).toBe('');
    expect(next.ok ? next.value : 42).toBe(42); // or the session has ended
    expect(await other.run({ code: 'x + 1' })).toMatchObject({ ok: true, value: 2, stdout: '', stderr: '' });
  });
});
