import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRehearsed } from '../../runtime/engines/pyodide/execute.ts';
import type { Interpreter } from '../../runtime/engines/pyodide/interpreter.ts';
import { MODULE_NAME } from '../../runtime/engines/pyodide/module-name.ts';
import type { PyodideShared } from '../../runtime/engines/pyodide/program.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { openNodeRealm } from '../../runtime/platform/python/node-realm.ts';
import { createNodePyodideEngine } from '../../runtime/platform/python/pyodide-engine.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { openPython } from '../support/pyodide-parts.ts';

/** Leaves a mark wherever a program can: the heap, modules, builtins, the scratch folder, tasks, threads, hooks, random numbers. */
const LITTER = `
import asyncio, atexit, builtins, ctypes, gc, json, os, random, sys, threading, types
mark = ''.join(['LIT', 'TER', '-', '7731'])
builtins.left = mark
sys.left = mark
sys.modules['left'] = types.ModuleType('left')
json.dumps = lambda *a, **k: mark
os.environ['LEFT'] = mark
sys.path.append('/tmp/left')
os.makedirs('/tmp/left')
open('/tmp/left/mark.py', 'w').write(mark * 1000)
os.chdir('/tmp/left')
random.seed(7731)
kept = [bytearray((mark * 4000).encode()) for _ in range(200)]
class Loud:
    def __del__(self): print(mark)
sys.loud = Loud(); sys.loud.itself = sys.loud
async def late():
    while True:
        await asyncio.sleep(0.001)
        print(mark)
sys.task = asyncio.get_running_loop().create_task(late())
sys.settrace(lambda *a: None)
sys.setswitchinterval(1)
1`;

/** Looks for all of it, also in every byte of the heap. */
const FIND = `
import builtins, ctypes, gc, json, os, random, sys
mark = [76, 73, 84, 84, 69, 82, 45, 55, 55, 51, 49]
found = []
if hasattr(builtins, 'left') or hasattr(sys, 'left') or hasattr(sys, 'loud'): found.append('names')
if 'left' in sys.modules: found.append('modules')
if json.dumps(1) != '1': found.append('functions')
if 'LEFT' in os.environ or '/tmp/left' in sys.path: found.append('surroundings')
if os.path.exists('/tmp/left') or os.getcwd() == '/tmp/left': found.append('files')
if sys.gettrace() is not None: found.append('hooks')
if random.Random(7731).random() == random.random(): found.append('random numbers')
import asyncio
if len(asyncio.all_tasks()) != 1: found.append('tasks')
await asyncio.sleep(0.02)
def places():
    first, step, size = mark[0], 1 << 20, 30 << 20
    for start in range(1024, size, step):
        part = ctypes.string_at(start, min(step + 16, size - start))
        at = part.find(76)
        while at >= 0:
            if part[at] == first and list(part[at:at + 11]) == mark: yield start + at
            at = part.find(bytes([76, 73, 84, 84]), at + 1)
heap = sum(1 for _ in places())
if heap > 0: found.append(f'{heap} places of the heap')
[found, hash('a text')]`;

test('a program leaves nothing that the next one of its worker finds', async () => {
  const engine = createNodePyodideEngine();
  let started = 0;
  const runtime = createRuntimeOn(
    {
      ...nodePlatform,
      hostFunctions: [],
      engines: [
        {
          ...engine,
          shared: (context) => {
            started += 1; // with each cell
            return engine.shared?.(context) ?? Promise.reject(new Error('it shares nothing'));
          },
        },
      ],
    },
    { cells: { maxCells: 1, warm: 0 } },
  );
  const find = async (): Promise<{ outcome: object; hash: unknown }> => {
    const outcome = await runtime.run({ language: 'python', code: FIND, limits: { timeoutMs: 60_000 } });
    return { outcome, hash: outcome.ok ? (outcome.value as unknown[])[1] : undefined };
  };
  const run = (code: string) => runtime.run({ language: 'python', code, limits: { timeoutMs: 60_000 } });
  try {
    const first = await find();
    expect(first.outcome).toMatchObject({ ok: true, value: [[], expect.any(Number)] });
    expect(await run(LITTER)).toMatchObject({ ok: true, value: 1 });
    const second = await find();
    expect(second.outcome).toMatchObject({
      ok: true,
      value: [[], expect.any(Number)],
      stdout: '',
      stderr: '',
    });
    expect(second.hash).not.toBe(first.hash);
    expect(await run(`${LITTER}\nraise ValueError(mark)`)).toMatchObject({ ok: false });
    expect((await find()).outcome).toMatchObject({ ok: true, value: [[], expect.any(Number)], stdout: '' });
    expect(started).toBe(1); // all in one worker
    expect(await run(`${LITTER}\nwhile True: pass`)).toMatchObject({ ok: false });
    expect((await find()).outcome).toMatchObject({ ok: true, value: [[], expect.any(Number)], stdout: '' });
    expect(started).toBe(2); // one that was stopped does not serve again
  } finally {
    await runtime.close();
  }
}, 240_000);

test('the search finds what is there', async () => {
  const python = await openPython();
  const { result } = await python.run(`${LITTER}\n${FIND}`);
  expect(result).toMatchObject({ kind: 'value' });
  const [found] = (result as unknown as { value: [string[]] }).value;
  expect(found).toEqual([
    'names',
    'modules',
    'functions',
    'surroundings',
    'files',
    'hooks',
    'random numbers',
    'tasks',
    expect.stringMatching(/places of the heap/),
  ]);
}, 120_000);

describe('a realm that was tampered with', () => {
  let open: () => Promise<Interpreter>;
  const interpreters: Interpreter[] = [];
  beforeAll(async () => {
    const { shared } = await openPython();
    open = async () => {
      const module = shared.modules[MODULE_NAME];
      if (module === undefined) throw new Error('no module');
      const interpreter = await openRehearsed(openNodeRealm, shared.data as PyodideShared, module);
      interpreters.push(interpreter);
      return interpreter;
    };
  });
  afterAll(() => {
    for (const interpreter of interpreters) interpreter.close();
  });

  test('has no part in the next one of its thread', async () => {
    const one = await open();
    one.realm.evaluate(
      `globalThis.left = 1; Object.prototype.left = 2; Array.prototype.push = () => 3; Promise.prototype.then = () => 4;
       JSON.parse = () => 5; WebAssembly.left = 6; Map.prototype.get = () => 7; String.prototype.slice = () => 'left';`,
      'tamper.js',
    );
    one.close();
    const two = await open();
    expect(
      two.realm.evaluate(
        `[typeof left, typeof {}.left, [].push(1), JSON.parse('[1]')[0], typeof WebAssembly.left, new Map([[1, 2]]).get(1), 'abc'.slice(1)].join()`,
        'look.js',
      ),
    ).toBe('undefined,undefined,1,1,undefined,2,bc');
  });

  test('runs nothing once its run has ended: promises, objects that are collected', async () => {
    const one = await open();
    const counts = one.realm.evaluate(
      `(() => {
         const counts = { promises: 0, objects: 0, settle: undefined };
         new Promise((resolve) => { counts.settle = resolve; }).then(() => { counts.promises++; });
         const registry = new FinalizationRegistry(() => { counts.objects++; });
         for (let n = 0; n < 1000; n++) registry.register({}, n);
         globalThis.registry = registry;
         return counts;
       })()`,
      'leave.js',
    ) as { promises: number; objects: number; settle: (value: unknown) => void };
    one.close();
    counts.settle(1);
    one.realm.collect();
    const two = await open();
    two.realm.turn();
    await new Promise((resolve) => setImmediate(resolve));
    expect([counts.promises, counts.objects]).toEqual([0, 0]);
  });

  test('has no other registry of objects that are collected', async () => {
    const one = await open();
    expect(
      one.realm.evaluate(
        `[Object.getPrototypeOf(FinalizationRegistry) === Function.prototype,
          Object.getPrototypeOf(FinalizationRegistry.prototype) === Object.prototype].join()`,
        'look.js',
      ),
    ).toBe('true,true');
  });
});
