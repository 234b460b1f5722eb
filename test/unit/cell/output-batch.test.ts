import { expect, test, vi } from 'vitest';
import { createGuestHost } from '../../../runtime/cell/guest-host.ts';
import { createOutputBatch } from '../../../runtime/cell/output-batch.ts';
import { createRuntime, type HostFunction } from '../../../runtime/index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What was sent, and how often it was asked for a turn of the event loop. */
function batch() {
  const sent: string[] = [];
  const asked: (() => void)[] = [];
  const output = createOutputBatch(
    (stream, whole) => {
      expect(whole.byteLength).toBe(whole.buffer.byteLength); // alone in its buffer, which is moved
      sent.push(`${stream} ${new TextDecoder().decode(whole)}`);
    },
    (flush) => asked.push(flush),
  );
  return { output, sent, asked };
}

test('what is printed in a row goes as one, in its order, and nothing of it twice', () => {
  const { output, sent } = batch();
  for (const text of ['a', 'b', 'c']) output.add('stdout', bytes(text));
  output.add('stderr', bytes('!'));
  output.add('stdout', bytes('d'));
  output.flush();
  output.flush();
  expect(sent).toEqual(['stdout abc', 'stderr !', 'stdout d']);
});

test('no more than 64 KiB and one write wait', () => {
  const { output, sent } = batch();
  const half = new Uint8Array(32_768).fill(97);
  output.add('stdout', half);
  expect(sent).toHaveLength(0);
  output.add('stdout', half);
  expect(sent).toHaveLength(1);
  output.add('stdout', new Uint8Array(400_000).fill(98));
  expect(sent.map(({ length }) => length)).toEqual([7 + 65_536, 7 + 400_000]);
});

test('a thread that does not come to its event loop is asked once', () => {
  const { output, sent, asked } = batch();
  for (let turn = 0; turn < 1000; turn++) {
    output.add('stdout', bytes('x'));
    output.flush();
  }
  expect(asked).toHaveLength(1);
  output.add('stdout', bytes('y'));
  asked[0]?.();
  expect(sent.at(-1)).toBe('stdout y');
  output.add('stdout', bytes('z'));
  expect(asked).toHaveLength(2);
});

test('a guest in a worker that prints many lines sends few messages, all that fits its budget, and no byte more', async () => {
  await using runtime = createRuntime();
  const parts: number[] = [];
  const run = (outputBytes: number) =>
    runtime.run({
      language: 'javascript',
      code: "for (let at = 0; at < 2000; at++) console.log('123456789')",
      limits: { outputBytes, timeoutMs: 120_000 },
      onOutput: ({ text }) => parts.push(text.length),
    });
  const whole = await run(1_000_000);
  expect(whole).toMatchObject({ ok: true, stdout: '123456789\n'.repeat(2000) });
  expect(parts.reduce((sum, size) => sum + size, 0)).toBe(20_000);
  expect(parts.length).toBeLessThan(200);
  const cut = await run(10_004);
  expect(cut).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' } });
  expect(cut.stdout).toBe(`${'123456789\n'.repeat(1000)}1234`);
});

test('what was printed before a call is there before the call', async () => {
  const told: string[] = [];
  const probe: HostFunction = {
    name: 'probe',
    network: false,
    operations: { 'probe.tell': { capability: 'probe.tell', kind: 'act' } },
    open: () => ({
      call: (_, { args }) => {
        told.push(`call ${String(args.of)}`);
        return { value: null };
      },
      close: () => undefined,
    }),
  };
  await using runtime = createRuntime({ hostFunctions: [probe] });
  await runtime.run({
    language: 'javascript',
    code: `console.log('one'); await sandglass.call('probe.tell', { of: 1 }); console.log('two');
      await sandglass.call('probe.tell', { of: 2 }); console.error('three'); console.log('four')`,
    grant: { custom: { probe: true } },
    limits: { timeoutMs: 120_000 },
    onOutput: ({ text }) => told.push(text.trim()),
  });
  expect(told).toEqual(['one', 'call 1', 'two', 'call 2', 'three', 'four']);
});

test('what a metered guest has printed is there while it goes on, and when it is killed', async () => {
  await using runtime = createRuntime();
  const first = Promise.withResolvers<string>();
  const handle = runtime.start({
    language: 'javascript',
    code: "console.log('before'); for (;;);",
    limits: { timeoutMs: 120_000, fuel: Number.MAX_SAFE_INTEGER },
    onOutput: ({ text }) => first.resolve(text),
  });
  expect(await first.promise).toBe('before\n');
  handle.cancel();
  expect(await handle.outcome).toMatchObject({ ok: false, stdout: 'before\n', error: { code: 'CANCELLED' } });
});

test('a wait that ends early leaves no timer behind', async () => {
  vi.useFakeTimers();
  try {
    const { host } = createGuestHost({
      link: {
        canBlock: false,
        stackBytes: 0,
        call: async () => ({ ok: true, value: null }),
        callSync: () => ({ ok: true, value: null }),
        output: () => undefined,
        stopped: () => undefined,
        sleepSync: () => undefined,
        now: () => 0,
        monotonic: () => 0,
      },
      outputBytes: 0,
      deadline: 60_000,
      deterministic: undefined,
    });
    for (let turn = 0; turn < 100; turn++) await host.sleep(30_000, Promise.resolve());
    await host.sleep(30_000, Promise.reject(new Error('no')));
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
