import { expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';

test('a run of a session names no other one', async () => {
  await using runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
  await using session = await runtime.sessions.open({ language: 'js', name: 'mine' });
  const misuse = { code: '1', session: 'other' } as never;
  await expect(session.run(misuse)).rejects.toThrow(
    new TypeError('Cannot run: session is "mine" already; leave it out, or call runtime.run for another one'),
  );
  await expect(session.run({ code: '1', session: 'mine' } as never)).rejects.toThrow(TypeError);
  await expect(session.run(undefined as never)).rejects.toThrow('expected an object of options');
  expect(await session.run({ code: '1' })).toMatchObject({ value: 1 });
});

test.each([
  ['js', 'tools.x()', 'Grant `tools` to the run: the name is there only with it'],
  ['py', 'tools.x()', 'Grant `tools` to the run: the name is there only with it'],
  ['js', 'const tools = { x: () => 1 }; tools.y.z', undefined],
])('without a grant for tools, %s is told of it: %s', async (language, code, hint) => {
  await using runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
  const outcome = await runtime.run({ language, code });
  expect(outcome.ok ? outcome.value : outcome.error.hint).toBe(hint);
});
