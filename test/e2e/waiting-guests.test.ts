import { describe, expect, test } from 'vitest';
import { createRuntime, type IsolationLevel, type Runtime } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { meetingOf } from '../support/meeting.ts';

const open = (guests: number, level: IsolationLevel, maxWaiting?: number): Runtime =>
  createRuntime({
    level,
    hostFunctions: [meetingOf(guests)],
    cells: { maxCells: 1, maxSessions: 0, ...defined({ maxWaiting }) },
  });
const grant = { custom: { meeting: true } };

describe.each(['minimal', 'standard', 'strict'] as const)('guests that wait at level %s', (level) => {
  test('hold up nobody: forty that wait for each other end, with one cell to run in', async () => {
    await using runtime = open(40, level);
    const code = (place: number): string => `
      console.log('before ${place}');
      globalThis.mine ??= ${place};
      const met = await sandglass.call('meeting.all', {});
      console.log('after ${place}');
      [met, globalThis.mine, argv[0]]`;
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, place) =>
        runtime.run({ language: 'javascript', code: code(place), argv: [String(place)], grant }),
      ),
    );
    expect(all.map((outcome) => (outcome.ok ? outcome.value : outcome.error))).toEqual(
      all.map((_, place) => [40, place, String(place)]),
    );
    expect(all.map(({ stdout }) => stdout)).toEqual(
      all.map((_, place) => `before ${place}\nafter ${place}\n`),
    );
    expect(all.map(({ usage }) => usage.hostCalls)).toEqual(all.map(() => ({ 'meeting.use': 1 })));
  });
});

test('guests of Python that wait hold up nobody, in whatever they wait', async () => {
  const programs = [
    `time.sleep(0.01)\nsandglass.call('meeting.all', {})`,
    `await asyncio.sleep(0.01)\nsandglass.call('meeting.all', {})`,
    `await sandglass.call_async('meeting.all', {})`,
    `(await asyncio.gather(asyncio.sleep(0), sandglass.call_async('meeting.all', {})))[1]`,
    `t = threading.Thread(target=time.sleep, args=(0.01,))
t.start()
t.join()
await sandglass.call_async('meeting.all', {})`,
  ];
  const guests = programs.flatMap((code) => [code, code]);
  await using runtime = open(guests.length, 'standard');
  const all = await Promise.all(
    guests.map((code) =>
      runtime.run({
        language: 'python',
        code: `import asyncio, sandglass, threading, time\n${code}`,
        grant,
        limits: { timeoutMs: 120_000 },
      }),
    ),
  );
  expect(all.map((outcome) => (outcome.ok ? outcome.value : outcome.error))).toEqual(
    guests.map(() => guests.length),
  );
});

test('with maxWaiting 0 a guest keeps its place until it ends', async () => {
  await using runtime = open(2, 'standard', 0);
  const code = "await sandglass.call('meeting.all', {})";
  const abort = new AbortController();
  const first = runtime.run({ language: 'javascript', code, grant, signal: abort.signal });
  const second = runtime.run({
    language: 'javascript',
    code: `sandglass.write('here'); ${code}`,
    grant,
    signal: abort.signal,
    onOutput: () => expect.unreachable('the second guest began beside the first'),
  });
  // A third one, at a level with cells of its own, comes and goes meanwhile.
  await runtime.run({ language: 'javascript', code: '1', level: 'maximum' });
  abort.abort();
  expect(await Promise.all([first, second])).toMatchObject([
    { error: { code: 'CANCELLED' } },
    { error: { code: 'CANCELLED' } },
  ]);
});
