import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IsolationLevel, RunOptions, Runtime } from '../../runtime/index.ts';
import { createRuntime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { commandGuest, wat } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

verifies('LM-03');

/** A component whose one function loops in its own core module. */
const TRIANGLE = `(component
  (core module $m (func (export "triangle") (param i32) (result i32) (local $sum i32)
    loop $next
      local.get $sum local.get 0 i32.add local.set $sum
      local.get 0 i32.const 1 i32.sub local.tee 0 br_if $next
    end local.get $sum))
  (core instance $i (instantiate $m))
  (func (export "triangle") (param "n" u32) (result u32) (canon lift (core func $i "triangle"))))`;

const DETERMINISTIC = { seed: 7, now: 1_700_000_000_000 };

/** Guests of all kinds, made from sources that give the same binary wherever they are built. */
const CORPUS: Readonly<Record<string, () => RunOptions | Promise<RunOptions>>> = {
  'javascript: an expression': () => ({ language: 'javascript', code: '6 * 7' }),
  'javascript: objects, text, regular expressions': () => ({
    language: 'javascript',
    code: "const words = 'the quick brown fox'.split(/\\s+/); JSON.stringify(words.map((w) => ({ w, n: w.length })).sort((a, b) => b.n - a.n || (a.w < b.w ? -1 : 1)))",
  }),
  'javascript: random, clock, timers, promises': () => ({
    language: 'javascript',
    code: 'await new Promise((resolve) => setTimeout(resolve, 1)); [Math.random(), Date.now(), crypto.randomUUID(), await Promise.all([1, 2].map(async (n) => n * 2))]',
  }),
  'javascript: a granted file': () => ({
    language: 'javascript',
    code: "import { readFile } from 'node:fs/promises'; export default (await readFile('/data/a.txt', 'utf8')).toUpperCase();",
    grant: { fs: [{ host: folder, guest: '/data' }] },
  }),
  'typescript: a module': () => ({
    language: 'typescript',
    code: 'interface Point { x: number; y: number }\nconst points: Point[] = Array.from({ length: 50 }, (_, x) => ({ x, y: x ** 2 }));\nexport default points.reduce((sum, { y }) => sum + y, 0);',
  }),
  'python: an expression': () => ({ language: 'python', code: 'sum(range(1000))' }),
  'python: sets, hashes, random, clock': () => ({
    language: 'python',
    code: "import random, time, uuid\n[sorted({'a', 'b', 'c'}), hash('x'), random.random(), time.time(), str(uuid.uuid4())]",
  }),
  'python: classes, exceptions, json': () => ({
    language: 'python',
    code: "import json\nclass A:\n  def __init__(self, n): self.n = n\ntry: json.loads('[1,')\nexcept ValueError as e: print(e)\njson.dumps([A(n).n for n in range(100)])",
  }),
  'component: a function': async () => ({ module: await wat(TRIANGLE), invoke: 'triangle', args: [1000] }),
  'component: a WASI command': async () => ({ module: await commandGuest(), argv: ['random'] }),
  'preview1: a command': async () => ({ module: await loadGuest('preview1/echo.wat'), stdin: 'one\ntwo\n' }),
  'preview1: AssemblyScript': async () => ({
    module: await loadGuest('assembly/calculator.ts'),
    invoke: 'average',
    args: [10, 4],
  }),
  'core module: a function': async () => ({
    module: await loadGuest('preview1/numbers.wat'),
    invoke: 'fib',
    args: [20],
  }),
};

let folder: string;
let runtime: Runtime;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-fuel-'));
  writeFileSync(join(folder, 'a.txt'), 'hello');
  runtime = createRuntime();
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

async function burn(
  name: string,
  level: IsolationLevel,
): Promise<readonly [fuel: number | null, value: unknown]> {
  const options = await CORPUS[name]?.();
  if (options === undefined) throw new Error(`no guest "${name}"`);
  const outcome = await runtime.run({ ...options, level, deterministic: DETERMINISTIC });
  if (!outcome.ok) throw new Error(`${name}: ${outcome.error.code}: ${outcome.error.message}`);
  return [outcome.usage.fuel, [outcome.value, outcome.stdout, outcome.stderr]];
}

// Whoever changes what a guest runs through, an engine, its prelude, the cost table, changes counts: then they are pinned anew, with
// `npx vitest run -u`, and the change says so.
describe('fuel of a deterministic run', () => {
  test('is what is pinned', async () => {
    const burnt: Record<string, number | null> = {};
    for (const name of Object.keys(CORPUS)) [burnt[name]] = await burn(name, 'standard');
    expect(burnt).toMatchInlineSnapshot(`
      {
        "component: a WASI command": 48191,
        "component: a function": 9001,
        "core module: a function": 197015,
        "javascript: a granted file": 7262093,
        "javascript: an expression": 76671,
        "javascript: objects, text, regular expressions": 386204,
        "javascript: random, clock, timers, promises": 841517,
        "preview1: AssemblyScript": 8,
        "preview1: a command": 10386,
        "python: an expression": 940429,
        "python: classes, exceptions, json": 2467772,
        "python: sets, hashes, random, clock": 1576857,
        "typescript: a module": 603218,
      }
    `);
  });

  test.each(Object.keys(CORPUS))(
    '%s: the same in a thread, a worker and a process, again and again',
    async (name) => {
      const first = await burn(name, 'standard');
      expect(await burn(name, 'standard')).toEqual(first);
      expect(await burn(name, 'minimal')).toEqual(first);
      if (name !== 'javascript: a granted file') expect(await burn(name, 'maximum')).toEqual(first);
    },
  );
});
