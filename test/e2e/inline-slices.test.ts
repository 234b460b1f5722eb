import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  createRuntime,
  type ErrorCode,
  type IsolationLevel,
  type Outcome,
  type RunOptions,
  type Runtime,
} from '../../runtime/index.ts';
import { commandGuest, probeGuest, wat } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';
import { assemble } from '../support/wasm/assemble.ts';

const ENDLESS_FUEL = 1_000_000_000;

interface Guest {
  readonly endless: RunOptions;
  /** Burns tens of slices, then ends well. */
  readonly busy: RunOptions;
}

let runtime: Runtime;
const guests = new Map<string, Guest>();
const KINDS = [
  'JavaScript',
  'a JavaScript module',
  'preview1',
  'core function',
  'component',
  'component without imports',
  'command component',
];

beforeAll(async () => {
  runtime = createRuntime({ cache: false, limits: { timeoutMs: 120_000 } });
  const core = await assemble(`(module
    (memory (export "memory") 1)
    (func $count (export "count") (param $n i32) (result i32)
      loop $again local.get $n i32.const 1 i32.sub local.tee $n br_if $again end i32.const 7)
    (func (export "spin") loop $again br $again end)
    (func (export "_start") i32.const 15000000 call $count drop))`);
  const spin = await assemble(
    '(module (memory (export "memory") 1) (func (export "_start") loop $l br $l end))',
  );
  const javascript = { language: 'javascript' } as const;
  const loop = 'let n = 0; for (let i = 0; i < 300000; i++) n = (n * 31 + i) % 1000003;';
  const probe = { module: await probeGuest() };
  const command = { module: await commandGuest() };
  guests.set('JavaScript', {
    endless: { ...javascript, code: 'for (;;) {}' },
    busy: { ...javascript, code: `${loop} 7` },
  });
  guests.set('a JavaScript module', {
    // Goes on from a callback of the host, a promise job and a timer.
    endless: {
      ...javascript,
      code: 'await null; setTimeout(() => { [1].map(() => { for (;;) {} }) }, 0); export default await new Promise(() => {})',
    },
    busy: {
      ...javascript,
      code: `await null; await new Promise((done) => setTimeout(() => { ${loop} done() }, 0)); export default 7`,
    },
  });
  guests.set('preview1', { endless: { module: spin }, busy: { module: core } });
  guests.set('core function', {
    endless: { module: core, invoke: 'spin' },
    busy: { module: core, invoke: 'count', args: [15_000_000] },
  });
  guests.set('component', {
    endless: { ...probe, inputs: { step: 'spin' } },
    busy: { ...probe, inputs: { step: 'log', text: 'x', times: 500 } },
  });
  const pure = {
    module: await wat(`(component
      (core module $m
        (func (export "spin") (result i32) loop $again br $again end unreachable)
        (func (export "count") (param $n i32) (result i32)
          loop $again local.get $n i32.const 1 i32.sub local.tee $n br_if $again end i32.const 7))
      (core instance $i (instantiate $m))
      (func (export "spin") (result s32) (canon lift (core func $i "spin")))
      (func (export "count") (param "n" s32) (result s32) (canon lift (core func $i "count"))))`),
  };
  guests.set('component without imports', {
    endless: { ...pure, invoke: 'spin' },
    busy: { ...pure, invoke: 'count', args: [15_000_000] },
  });
  guests.set('command component', {
    endless: { ...command, argv: ['spin'] },
    busy: { ...command, argv: ['print', 'a', 'b'] },
  });
});
afterAll(() => runtime.close());

const guestOf = (kind: string): Guest => {
  const guest = guests.get(kind);
  if (guest === undefined) throw new Error(`no guest ${kind}`);
  return guest;
};
const run = (options: RunOptions, level: IsolationLevel = 'minimal'): Promise<Outcome> =>
  runtime.run({ ...options, level });
const codeOf = (outcome: Outcome): ErrorCode | 'ok' => (outcome.ok ? 'ok' : outcome.error.code);

describe.each(KINDS)('%s inline', (kind) => {
  test('an endless guest shares its thread with one that ends, and with timers of the host', async () => {
    const { endless, busy } = guestOf(kind);
    await run(busy); // compiled from here on
    const order: string[] = [];
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 1);
    const first = run({ ...endless, limits: { fuel: ENDLESS_FUEL } }).then((outcome) => {
      order.push('endless');
      return outcome;
    });
    while (ticks < 1) await turn();
    const second = run(busy).then((outcome) => {
      order.push('busy');
      return outcome;
    });
    expect(codeOf(await second)).toBe('ok');
    const seen = ticks;
    const outcome = await first;
    clearInterval(timer);
    expect(codeOf(outcome)).toBe('FUEL_EXHAUSTED');
    expect(outcome.usage.fuel).toBe(ENDLESS_FUEL);
    expect(order).toEqual(['busy', 'endless']);
    expect(ticks).toBeGreaterThan(seen);
  });

  test(
    'a signal from a timer of the same thread stops it, and nothing of it goes on',
    verifies('SC-04'),
    async () => {
      await run(guestOf(kind).busy); // so that the signal finds the guest running, not being compiled
      const controller = new AbortController();
      const running = run({
        ...guestOf(kind).endless,
        limits: { fuel: 1e12, timeoutMs: 60_000 },
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(), 20);
      const outcome = await running;
      expect(codeOf(outcome)).toBe('CANCELLED');
      expect(outcome.usage.fuel).toBeGreaterThan(0);
      expect(outcome.usage.fuel).toBeLessThan(1e12);
      await expectSilence();
    },
  );

  test('a deadline stops it, and nothing of it goes on', async () => {
    const outcome = await run({ ...guestOf(kind).endless, limits: { fuel: 1e12, timeoutMs: 50 } });
    expect(codeOf(outcome)).toBe('DEADLINE_EXCEEDED');
    expect(outcome.usage.fuel).toBeLessThan(1e12);
    await expectSilence();
  });
});

/** Nothing schedules anything any more: neither turns of a suspended guest nor timers of its run. */
async function expectSilence(): Promise<void> {
  const immediates = vi.spyOn(globalThis, 'setImmediate');
  const timers = vi.spyOn(globalThis, 'setTimeout');
  try {
    for (let turns = 0; turns < 200; turns++) await turn();
    expect(immediates).not.toHaveBeenCalled();
    expect(timers).not.toHaveBeenCalled();
  } finally {
    immediates.mockRestore();
    timers.mockRestore();
  }
}

const deterministic = { seed: 7, now: 1_700_000_000_000 };

describe('inline', () => {
  test('many endless guests leave the host its turns', async () => {
    const controller = new AbortController();
    const many = KINDS.flatMap((kind) => [guestOf(kind).endless, guestOf(kind).endless]).map((options) =>
      run({ ...options, limits: { fuel: 1e12, timeoutMs: 60_000 }, signal: controller.signal }),
    );
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
      if (ticks === 20) controller.abort();
    }, 1);
    const outcomes = await Promise.all(many);
    clearInterval(ticking);
    expect(outcomes.map(codeOf)).toEqual(many.map(() => 'CANCELLED'));
    await expectSilence();
  });

  test('no guest sees that it cannot be suspended where the host has called it', async () => {
    // Each of these runs guest code under a frame of the host: an error that is made for a refusal, a module that is loaded.
    const code = `
      import './heavy.js';
      const seen = [];
      const heavy = () => { let n = 0; for (let i = 0; i < 200000; i++) n += i; return n };
      const fs = await import('node:fs');
      for (let i = 0; i < 3; i++) {
        try { fs.readFileSync('/none') } catch (error) { seen.push(error.name) }
        heavy();
        try { await fs.promises.readFile('/none') } catch (error) { seen.push(error.name) }
        heavy();
      }
      try { heavy() } catch (error) { seen.push(error.name) }
      export default [...new Set(seen)]`;
    const options: RunOptions = {
      language: 'javascript',
      code,
      deterministic,
      modules: { './heavy.js': 'let n = 0; for (let i = 0; i < 500000; i++) n += i; export default n' },
    };
    const inline = await run(options);
    const worker = await run(options, 'standard');
    expect(inline).toMatchObject({ ok: true });
    expect(worker.ok && worker.value).toEqual(inline.ok && inline.value);
    expect(JSON.stringify(inline)).not.toContain('SuspendError');
    expect(worker.usage.fuel).toBe(inline.usage.fuel);
  });
});

describe('fuel and bytes are the same', () => {
  const corpus: Readonly<Record<string, () => RunOptions>> = {
    'a loop': () => guestOf('JavaScript').busy,
    'timers, promises and random': () => ({
      language: 'javascript',
      code: `const out = [];
        for (let i = 0; i < 5; i++) setTimeout(() => out.push(['timer', i, Date.now(), Math.random()]), 5 - i);
        await new Promise((done) => setTimeout(done, 20));
        for (let i = 0; i < 200000; i++) out.length;
        console.log(out.length, crypto.randomUUID());
        export default out`,
    }),
    // The largest takes longest, and its answer still comes first.
    'answers of the host among timers': () => ({
      language: 'javascript',
      code: `const out = [];
        const ask = async (n) => out.push([n, new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(n)))[0]]);
        setTimeout(() => out.push('soon'), 0); setTimeout(() => out.push('later'), 3);
        await Promise.all([ask(1000000), ask(2), ask(3)]);
        let n = 0; for (let i = 0; i < 200000; i++) n += i;
        await new Promise((done) => setTimeout(done, 10));
        export default out`,
    }),
    'an endless loop': () => ({ ...guestOf('JavaScript').endless, limits: { fuel: 50_000_000 } }),
    'preview1 command': () => guestOf('preview1').busy,
    'core function': () => guestOf('core function').busy,
    'tool component': () => guestOf('component').busy,
    'tool component, random': () => ({ ...guestOf('component').busy, inputs: { step: 'ambient' } }),
    'component without imports': () => guestOf('component without imports').busy,
    'command component': () => guestOf('command component').busy,
    'endless component': () => ({ ...guestOf('command component').endless, limits: { fuel: 50_000_000 } }),
  };

  test.each(Object.keys(corpus))('twice inline, in a worker and in a process: %s', async (name) => {
    const options = { ...corpus[name]?.(), deterministic } as RunOptions; // a key of the corpus
    const outcomes = [
      await run(options),
      // Beside another guest it is suspended at other places.
      (await Promise.all([run(options), run(guestOf('JavaScript').busy)]))[0],
      await run(options, 'standard'),
      await run(options, 'maximum'),
    ];
    const kept = outcomes.map(({ usage, ...outcome }) => ({
      fuel: usage.fuel,
      stdout: outcome.stdout,
      stderr: outcome.stderr,
      end: outcome.ok ? JSON.stringify(outcome.value) : outcome.error.code,
    }));
    expect(kept[0]?.fuel).toBeGreaterThan(0);
    for (const other of kept) expect(other).toEqual(kept[0]);
  });
});
