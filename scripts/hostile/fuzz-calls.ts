import { createRuntime, defineHostFunction } from '../../runtime/index.ts';
import type { IsolationLevel } from '../../runtime/vocabulary/levels.ts';

export interface FuzzOptions {
  readonly programs: number;
  /** Each program follows from it and its own number alone: so a run of them can be gone on with, or be shared. */
  readonly seed: number;
  /** Number of the first program. @default 0 */
  readonly from?: number;
  /** @default minimal: a program takes a millisecond there */
  readonly level?: IsolationLevel;
  /** Asked before each program. @default always */
  readonly goesOn?: (done: number) => boolean;
}

export interface FuzzResult {
  /** Programs that were run. */
  readonly programs: number;
  readonly calls: number;
  readonly served: number;
  /** Calls that were with the host function at once. */
  readonly mostAtOnce: number;
  /** What must not be, with the program that did it. */
  readonly faults: readonly string[];
}

/** Calls of one run that its host function may see at once: blocking ones need none of these. */
const MOST_AT_ONCE = 16;
const HOST_CALLS = 20;
const ENDS: ReadonlySet<string> = new Set(['ok', 'HOST_CALLS_EXCEEDED', 'CANCELLED', 'MEMORY_EXCEEDED']);

/** Small, repeatable and of no use for secrets: xorshift. */
function numbers(seed: number): (below: number) => number {
  let state = Math.imul(seed, 2_654_435_761) | 1; // neighbours differ in all bits
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Runs random programs of host calls: of any size, awaited or not, cancelled or not, some over their budget; checks what holds of each. */
export async function fuzzCalls({
  programs,
  seed,
  from = 0,
  level = 'minimal',
  goesOn = () => true,
}: FuzzOptions): Promise<FuzzResult> {
  let below = numbers(seed);
  const faults: string[] = [];
  let served = 0;
  let calls = 0;
  let atOnce = 0;
  let mostAtOnce = 0;
  let cancel = new AbortController();
  const order: number[] = [];
  const later = <T>(value: T): Promise<T> => {
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    return new Promise((resolve) =>
      setImmediate(() => {
        atOnce -= 1;
        resolve(value);
      }),
    );
  };
  const note = (at: unknown): number => {
    served += 1;
    order.push(Number(at));
    return Number(at);
  };
  const probe = defineHostFunction<true>({
    name: 'probe',
    operations: {
      now: { call: ({ at }) => note(at) },
      later: { call: ({ at }) => later(note(at)) },
      bytes: {
        call: ({ at, size }) => {
          note(at);
          return new Uint8Array(Number(size));
        },
      },
      stop: {
        call: ({ at }) => {
          note(at);
          cancel.abort();
          return null;
        },
      },
      fail: {
        call: ({ at }) => {
          note(at);
          throw new Error('a fault');
        },
      },
    },
  });
  await using runtime = createRuntime({ hostFunctions: [probe], onError: () => undefined });

  const step = (at: number): string => {
    const size = [0, 1, 1000, 70_000, 300_000][below(5)] ?? 0;
    const name = [
      'probe.now',
      'probe.later',
      'probe.bytes',
      'probe.fail',
      'probe.none',
      'none.at',
      'fs.stat',
    ][below(7)];
    const stop = below(40) === 0 ? 'probe.stop' : name;
    const body = below(3) === 0 ? `, new Uint8Array(${size})` : '';
    const call = `sandglass.call('${stop}', { at: ${at}, size: ${size}, path: '/tmp' }${body})`;
    const held = [
      `await ${call}.catch(drop);`,
      `all.push(${call}.catch(drop));`,
      `void ${call}.catch(drop);`,
    ];
    return held[below(held.length)] ?? '';
  };
  let done = 0;
  for (let program = from; done < programs && goesOn(done); program++) {
    done += 1;
    below = numbers(seed + program);
    const length = 1 + below(30);
    calls += length;
    cancel = new AbortController();
    order.length = 0;
    const steps = Array.from({ length }, (_, at) => step(at));
    const code = `const drop = () => {}, all = [];\n${steps.join('\n')}\nawait Promise.all(all);\n'end'`;
    const outcome = await runtime.run({
      language: 'javascript',
      code,
      level,
      grant: { custom: { probe: true } },
      limits: { hostCalls: HOST_CALLS, hostCallBytes: 1_000_000, timeoutMs: 60_000 },
      signal: cancel.signal,
    });
    const end = outcome.ok ? 'ok' : outcome.error.code;
    const wrong = [
      ...(ENDS.has(end) ? [] : [`ended as ${end}`]),
      ...(order.every((at, index) => index === 0 || at > (order[index - 1] ?? -1))
        ? []
        : ['served out of order']),
      ...(order.length > HOST_CALLS ? [`served ${order.length} calls`] : []),
      ...(mostAtOnce > MOST_AT_ONCE ? [`${mostAtOnce} calls at once`] : []),
    ];
    if (wrong.length > 0) faults.push(`${wrong.join(', ')} (seed ${seed}, program ${program}):\n${code}`);
    if (faults.length >= 10) break;
  }
  return { programs: done, calls, served, mostAtOnce, faults };
}
