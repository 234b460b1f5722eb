import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seededRandom } from '../../runtime/cell/seeded-random.ts';
import {
  createRuntime,
  ERROR_CODES,
  type Outcome,
  type RunOptions,
  type Runtime,
} from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { verifies } from '../support/verifies.ts';

verifies('ER-06');

function createDraw(seed: number) {
  const fill = seededRandom(seed);
  const draw = (below: number): number => {
    const bytes = new Uint8Array(4);
    fill(bytes);
    return Math.floor((new DataView(bytes.buffer).getUint32(0) / 2 ** 32) * below);
  };
  const pick = <T>(items: readonly T[]): T => items[draw(items.length)] as T; // within its length
  return { draw, pick };
}

const activeResources = (): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

/** What nobody should pass, at the place of anything. */
const WRONG: readonly unknown[] = [
  undefined,
  null,
  true,
  -1,
  0,
  1.5,
  2 ** 53,
  Number.NaN,
  1n,
  '',
  '\0',
  '../..',
  '__proto__',
  'x'.repeat(70_000),
  Symbol('x'),
  () => 1,
  [],
  [[]],
  {},
  { toString: 1 },
  Object.create(null),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  new Map(),
  new Date(),
  new Uint8Array(3),
  new SharedArrayBuffer(8),
  // biome-ignore lint/suspicious/noThenProperty: a thenable is the attack
  { then: () => undefined },
  new Proxy({}, {}),
  /x/,
];

const FIELDS = [
  'language',
  'code',
  'module',
  'modules',
  'filename',
  'form',
  'engine',
  'invoke',
  'args',
  'argv',
  'stdin',
  'inputs',
  'cwd',
  'grant',
  'limits',
  'level',
  'options',
  'deterministic',
  'packages',
  'session',
  'runId',
  'signal',
  'onOutput',
  'nonsense',
  '__proto__',
  'constructor',
];

/** Programs that end in every way, and leave what they can behind. */
const PROGRAMS = [
  '1',
  'setInterval(() => {}, 1); throw 1',
  'setTimeout(() => {}, 600_000); 2',
  'new Promise(() => {})',
  'for (;;);',
  'await fs.watch("/tmp").next()',
  "await fetch('http://127.0.0.1:1/')",
  "fetch('http://127.0.0.1:1/'); 3",
  "new WebSocket('ws://127.0.0.1:1/'); 4",
  '(function f() { f() })()',
  'const a = []; for (;;) a.push(a.slice())',
  "for (;;) console.log('x'.repeat(1000))",
  "await fs.open('/tmp/x', 'w'); 5",
  "fs.readFileSync('/nope')",
  "sandglass.call('nope', {})",
  'const o = {}; o.o = o; o',
  'throw { get message() { throw 1 } }',
  'export default await import("./nope.js")',
  '}{',
  '\0',
];

async function attempt(runtime: Runtime, options: unknown): Promise<Outcome | 'misuse'> {
  try {
    return await runtime.run(options as RunOptions);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return 'misuse';
    throw error;
  }
}

test('random options are misuse or an outcome; random programs are outcomes; nothing of them stays', async () => {
  const { draw, pick } = createDraw(20_261_125);
  const modules = [
    await loadGuest('preview1/numbers.wat'),
    await loadGuest('preview1/trap.wat'),
    new Uint8Array(8),
    Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]),
  ];
  const faults: unknown[] = [];
  const outcomes = new Map<string, number>();
  const round = async (rounds: number): Promise<void> => {
    await using runtime = createRuntime({
      onError: (error) => faults.push(error),
      cells: { maxCells: 2, warm: 0 },
    });
    const note = (end: Outcome | 'misuse'): void => {
      const code = end === 'misuse' ? end : end.ok ? 'ok' : end.error.code;
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
      if (end === 'misuse') return;
      expect(Object.keys(end.usage)).toContain('hostCalls');
      if (!end.ok) expect(ERROR_CODES).toHaveProperty(end.error.code);
    };
    for (let count = 0; count < rounds; count++) {
      const good =
        draw(3) === 0
          ? { module: pick(modules), invoke: pick(['fib', 'nope', '_start']), args: [draw(9)] }
          : { language: pick(['javascript', 'typescript']), code: pick(PROGRAMS) };
      const wrong = Object.fromEntries(Array.from({ length: draw(3) }, () => [pick(FIELDS), pick(WRONG)]));
      const fixed = {
        limits: { timeoutMs: 150, fuel: 5_000_000, memoryBytes: 16 << 20, outputBytes: 10_000 },
        level: count % 20 === 0 ? 'standard' : 'minimal',
        grant: { http: [{ origin: 'http://127.0.0.1:1' }], ws: [{ origin: 'ws://127.0.0.1:1' }] },
      };
      note(await attempt(runtime, { ...fixed, ...good, ...wrong }));
    }
    for (const options of WRONG) note(await attempt(runtime, options));
    // All of one kind at once, as a server would have them.
    for (const end of await Promise.all(
      PROGRAMS.map((code) =>
        attempt(runtime, {
          language: 'javascript',
          code,
          level: 'minimal',
          limits: { timeoutMs: 150, fuel: 5_000_000, memoryBytes: 16 << 20, outputBytes: 10_000 },
        }),
      ),
    )) {
      expect(end).not.toBe('misuse');
      note(end);
    }
    expect(await runtime.runs.list()).toEqual([]);
  };
  await round(5); // Node starts its pool of threads and its standard streams when they are first used
  await turn();
  const before = activeResources();
  await round(300);
  for (let count = 0; count < 3; count++) await turn();
  expect(faults).toEqual([]);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
  expect([...outcomes.keys()]).toEqual(
    expect.arrayContaining([
      'misuse',
      'ok',
      'GUEST_THREW',
      'OUTPUT_EXCEEDED',
      'STACK_EXCEEDED',
      'MODULE_INVALID',
      'INPUT_INVALID',
      'HOST_CALL_FAILED',
      'CAPABILITY_DENIED',
    ]),
  );
  expect([...outcomes.keys()]).not.toContain('INTERNAL');
  const more = Object.entries(activeResources()).filter(([name, count]) => count > (before[name] ?? 0));
  expect(more).toEqual([]);
});
