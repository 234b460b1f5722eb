import { beforeAll, describe, expect, test } from 'vitest';
import type {
  Engine,
  GuestResult,
  GuestSource,
  PrepareContext,
  RunSpec,
} from '../../runtime/contracts/engine.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import type { GuestValue } from '../../runtime/vocabulary/guest-value.ts';
import { type Limits, mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { prepareGuest } from '../support/engine-guests.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from '../support/fake-host.ts';

/** One guest, and how to start it. */
export interface Sample {
  readonly source: GuestSource;
  readonly spec?: Partial<RunSpec>;
}

/**
 * The guests that one engine brings to the suite. An absent sample means that this kind of guest cannot do it (a preview1 command cannot
 * answer a value); the suite then leaves the test out and says so in its name list, so an engine gives every sample it can.
 */
export interface EngineSamples {
  /** Answers `value`, and prints nothing. Every engine has it: it is also what runs after each limit. */
  readonly value: Sample & { readonly value: GuestValue };
  /** Ends with a status; `exitCode` is not 0. */
  readonly exit?: Sample & { readonly exitCode: number };
  /** Throws an error that nobody catches. `line` from 1. */
  readonly threw?: Sample & { readonly name: string; readonly message: string; readonly line?: number };
  /** Hits the machine: `unreachable`, out of bounds. */
  readonly trap?: Sample;
  /** Prints exactly these texts. */
  readonly print: Sample & { readonly stdout: string; readonly stderr: string };
  /** Prints for ever. */
  readonly flood: Sample;
  /** Prints for ever and swallows every error that it can catch. */
  readonly stubbornFlood?: Sample;
  /** Copies stdin to stdout. */
  readonly echo: Sample;
  /** Loops for ever without a call to the host. */
  readonly spin: Sample;
  /** Loops for ever, and catches all it can. */
  readonly stubbornSpin?: Sample;
  /** Waits (timer, sleep, poll) for an hour. */
  readonly wait?: Sample;
  /** Recurses without an end. */
  readonly recurse?: Sample;
  /** Allocates without an end, and lets the failure through. `memoryBytes` is the cap it is given. */
  readonly allocate: Sample & { readonly memoryBytes: number };
  /** Tries to allocate beyond the cap, copes, and ends well. */
  readonly allocateAndCope?: Sample & { readonly memoryBytes: number };
  /** Calls `operation`, is refused, and lets the refusal through. */
  readonly refused?: Sample & { readonly operation: string };
  /** Calls `operation`, is refused, handles it, and ends well. */
  readonly refusalHandled?: Sample & { readonly operation: string };
  /** Calls `operation`, is refused, handles it, then throws a copy as like it as it can make. */
  readonly refusalForged?: Sample & { readonly operation: string };
  /** Leaves a mark in everything it can reach and answers (or prints) whether it found one. Two runs must end the same. */
  readonly mark?: Sample;
  /** Not a guest of this engine: must not be prepared, or end `invalid`. */
  readonly unreadable: Sample;
  /** Answers or prints 16 random bytes and the time. */
  readonly ambient?: Sample;
}

export interface EngineSuiteOptions {
  readonly engine: () => Engine | Promise<Engine>;
  readonly samples: EngineSamples;
  /** Stack that the thread of the tests gives to wasm. @default 512 KiB */
  readonly stackBytes?: number;
  /** The engine counts fuel. @default true */
  readonly fuel?: boolean;
  /** Fuel that ends `spin` quickly. @default 20_000_000 */
  readonly smallFuel?: number;
  /** Fuel that every other sample ends well within. @default the limit's own default */
  readonly largeFuel?: number;
  readonly prepare?: Partial<PrepareContext>;
}

/** What a run left behind. */
export interface SuiteRun {
  readonly result: GuestResult;
  readonly host: FakeHost;
}

/** The contract that every engine keeps, whatever it runs. */
export function describeEngine(name: string, options: EngineSuiteOptions): void {
  const { samples, fuel: metered = true, smallFuel = 20_000_000 } = options;

  describe(`engine ${name}`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await options.engine();
    });

    const limitsFor = (limits: Partial<Limits> = {}): Limits =>
      mergeLimits([options.largeFuel === undefined ? {} : { fuel: options.largeFuel }, limits], {
        memoryBytes: engine.memoryBytes,
      });

    const start = async (
      sample: Sample,
      hostOptions: FakeHostOptions = {},
      limits: Partial<Limits> = {},
    ): Promise<SuiteRun> => {
      const effective = limitsFor(limits);
      const { deterministic } = hostOptions;
      const guest = await prepareGuest(engine, sample.source, effective, {
        ...options.prepare,
        ...(deterministic === undefined ? {} : { deterministic: true }),
      });
      const host = createFakeHost({
        outputBytes: effective.outputBytes,
        stackBytes: options.stackBytes ?? 512 * 1024,
        ...hostOptions,
      });
      const result = await engine.execute(
        guest,
        runSpec({
          limits: effective,
          ...defined({ deterministic }),
          ...sample.spec,
        }),
        host,
      );
      return { result, host };
    };

    /** The next run of the same engine is a good one. */
    const nextRunWorks = async (): Promise<void> => {
      const { result, host } = await start(samples.value);
      expect(result).toMatchObject({ kind: 'value', value: samples.value.value });
      expect(host.stdout() + host.stderr()).toBe('');
    };

    /** Runs the test if the engine has the sample. */
    const given = <S>(sample: S | undefined, title: string, body: (sample: S) => Promise<void>): void => {
      if (sample === undefined) return;
      test(title, () => body(sample));
    };

    test('describes itself', () => {
      expect(engine.name).not.toBe('');
      expect(engine.version).not.toBe('');
      expect(engine.memoryBytes).toBeGreaterThan(0);
      expect(engine.stackSizeMb).toBeGreaterThan(0);
      expect(engine.executorUrl).toMatch(/^(file|https?|blob|data):/);
    });

    test('the module behind executorUrl exports the same execute', async () => {
      const executor: { readonly execute?: unknown } = await import(/* @vite-ignore */ engine.executorUrl);
      expect(executor.execute).toBeTypeOf('function');
    });

    test('a run answers its value with memory and fuel', async () => {
      const { result, host } = await start(samples.value);
      expect(result).toMatchObject({
        kind: 'value',
        value: samples.value.value,
        growthRefused: false,
      });
      expect(host.stdout() + host.stderr()).toBe('');
      expect(result.memoryBytes).toBeGreaterThan(0);
      expect(result.memoryBytes).toBeLessThanOrEqual(engine.memoryBytes);
      expect(host.memoryBytes()).toBeGreaterThan(0);
      if (metered) expect(result.fuel).toBeGreaterThan(0);
      else expect(result.fuel).toBeNull();
    });

    given(samples.exit, 'a status is an exit', async (sample) => {
      const { result } = await start(sample);
      expect(result).toMatchObject({ kind: 'exit', exitCode: sample.exitCode });
      await nextRunWorks();
    });

    given(samples.threw, 'an uncaught error gives its name, message and line', async (sample) => {
      const { result, host } = await start(sample);
      expect(result).toMatchObject({
        kind: 'threw',
        error: {
          name: sample.name,
          message: sample.message,
          ...defined({ line: sample.line }),
        },
      });
      expect(result).not.toHaveProperty('refusalId');
      expect(JSON.stringify(result)).not.toMatch(/node_modules|file:\/\/|runtime\/engines|node:/);
      expect(JSON.stringify(result)).not.toContain(process.cwd());
      expect(host.stderr()).toContain(sample.message);
      expect(host.stderr()).not.toMatch(/node_modules|runtime\/engines|node:/);
      await nextRunWorks();
    });

    given(samples.trap, 'a trap is an answer, never a rejection', async (sample) => {
      const { result } = await start(sample);
      expect(result.kind).toBe('trapped');
      await nextRunWorks();
    });

    test('stdout and stderr are kept apart', async () => {
      const { result, host } = await start(samples.print);
      expect(['value', 'exit']).toContain(result.kind);
      expect({ stdout: host.stdout(), stderr: host.stderr() }).toEqual({
        stdout: samples.print.stdout,
        stderr: samples.print.stderr,
      });
    });

    test('output over its budget ends the run, and what fitted is kept', async () => {
      const { result, host } = await start(samples.flood, {}, { outputBytes: 1000 });
      expect(result).toMatchObject({ kind: 'limit', limit: 'output' });
      expect(host.stdout().length + host.stderr().length).toBe(1000);
      await nextRunWorks();
    });

    given(samples.stubbornFlood, 'a guest cannot catch the end of its output', async (sample) => {
      const { result, host } = await start(sample, {}, { outputBytes: 1000 });
      expect(result).toMatchObject({ kind: 'limit', limit: 'output' });
      expect(host.stdout().length + host.stderr().length).toBe(1000);
      await nextRunWorks();
    });

    test('stdin reaches the guest, and its end too', async () => {
      const text = 'first line\nzweite Zeile: ä € 😀\nlast line without end';
      const { host } = await start({
        ...samples.echo,
        spec: { ...samples.echo.spec, stdin: new TextEncoder().encode(text) },
      });
      expect(host.stdout().trimEnd()).toBe(text);
      const empty = await start(samples.echo);
      expect(['value', 'exit']).toContain(empty.result.kind);
      expect(empty.host.stdout().trim()).toBe('');
    });

    for (const [title, sample] of Object.entries({
      'a loop': samples.spin,
      'a loop that catches all': samples.stubbornSpin,
    })) {
      for (const reason of ['deadline', 'cancelled'] as const) {
        given(sample, `${title} ends when the host says ${reason}`, async (loop) => {
          let polls = 0;
          const { result } = await start(loop, {
            stopReason: () => {
              polls += 1;
              return polls > 5 ? reason : undefined;
            },
          });
          expect(result).toMatchObject({ kind: 'limit', limit: reason });
          expect(polls).toBeGreaterThan(5);
          await nextRunWorks();
        });
      }
      if (!metered) continue;
      given(sample, `${title} ends when its fuel is spent`, async (loop) => {
        const { result } = await start(loop, {}, { fuel: smallFuel });
        expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
        expect(result.fuel).toBeGreaterThanOrEqual(smallFuel);
        await nextRunWorks();
      });
    }

    given(samples.wait, 'a wait ends when the host says so', async (sample) => {
      let polls = 0;
      const sleeps: number[] = [];
      const effective = limitsFor();
      const guest = await prepareGuest(engine, sample.source, effective, options.prepare);
      const fake = createFakeHost({ stackBytes: options.stackBytes ?? 512 * 1024 });
      const result = await engine.execute(guest, runSpec({ limits: effective, ...sample.spec }), {
        ...fake,
        // The wait is over at once, as when a cell wakes its sleepers at the deadline.
        sleep: async (ms) => {
          sleeps.push(ms);
          polls += 100;
        },
        sleepSync: (ms) => {
          sleeps.push(ms);
          polls += 100;
        },
        stopReason: () => (polls >= 100 ? 'deadline' : undefined),
      });
      expect(result).toMatchObject({ kind: 'limit', limit: 'deadline' });
      expect(sleeps.length).toBeGreaterThan(0);
      await nextRunWorks();
    });

    given(samples.recurse, 'endless recursion is an answer', async (sample) => {
      const { result } = await start(sample);
      expect(result).toMatchObject({ kind: 'limit', limit: 'stack' });
      await nextRunWorks();
    });

    test('memory is a hard cap, and a refused growth is told', async () => {
      const { memoryBytes } = samples.allocate;
      const { result } = await start(samples.allocate, {}, { memoryBytes });
      expect(result.growthRefused).toBe(true);
      expect(['threw', 'trapped', 'exit', 'limit']).toContain(result.kind);
      if (result.kind === 'limit') expect(result.limit).toBe('memory');
      expect(result.memoryBytes).toBeLessThanOrEqual(memoryBytes);
      await nextRunWorks();
    });

    given(samples.allocateAndCope, 'a guest may cope with a refused growth', async (sample) => {
      const { memoryBytes } = sample;
      const { result } = await start(sample, {}, { memoryBytes });
      expect(result.growthRefused).toBe(true);
      expect(['value', 'exit']).toContain(result.kind);
      expect(result.memoryBytes).toBeLessThanOrEqual(memoryBytes);
    });

    given(samples.refused, 'a refusal that the guest lets through travels with its id', async (sample) => {
      const { result, host } = await start(sample);
      expect(host.calls.map((call) => call.operation)).toContain(sample.operation);
      expect(result).toMatchObject({ kind: 'threw', refusalId: host.calls.length });
      await nextRunWorks();
    });

    given(samples.refusalHandled, 'a refusal that the guest handles leaves the run good', async (sample) => {
      const { result, host } = await start(sample);
      expect(host.calls.map((call) => call.operation)).toContain(sample.operation);
      expect(['value', 'exit']).toContain(result.kind);
    });

    given(samples.refusalForged, 'a copy of a refusal is only an error', async (sample) => {
      const { result, host } = await start(sample);
      expect(host.calls.map((call) => call.operation)).toContain(sample.operation);
      expect(result.kind).toBe('threw');
      expect(result).not.toHaveProperty('refusalId');
    });

    given(samples.mark, 'nothing is kept between runs', async (sample) => {
      const first = await start(sample);
      const second = await start(sample);
      const shape = ({ result, host }: SuiteRun): unknown => [
        result.kind === 'value' ? result.value : result.kind,
        host.stdout(),
        host.stderr(),
      ];
      expect(shape(second)).toEqual(shape(first));
    });

    given(samples.ambient, 'a deterministic run repeats to the byte', async (sample) => {
      const deterministic = { seed: 7, now: 1_700_000_000_000 };
      const first = await start(sample, { deterministic });
      const second = await start(sample, { deterministic });
      const shape = ({ result, host }: SuiteRun): unknown => [
        result.kind === 'value' ? result.value : result.kind,
        result.fuel,
        host.stdout(),
      ];
      expect(shape(second)).toEqual(shape(first));
      const other = await start(sample, { deterministic: { seed: 8, now: 1_700_000_000_000 } });
      expect(shape(other)).not.toEqual(shape(first));
    });

    test('runs side by side do not mix', async () => {
      const runs = await Promise.all([start(samples.print), start(samples.value), start(samples.print)]);
      expect(runs.map(({ host }) => host.stdout())).toEqual([samples.print.stdout, '', samples.print.stdout]);
    });

    test('what is not a guest of this engine is refused', async () => {
      let refusal: unknown;
      try {
        refusal = (await start(samples.unreadable)).result;
      } catch (error) {
        refusal = error;
      }
      expect(refusal).toMatchObject({
        code: expect.stringMatching(/^(MODULE_INVALID|INPUT_INVALID|UNSUPPORTED)$/),
      });
      await nextRunWorks();
    });
  });
}
