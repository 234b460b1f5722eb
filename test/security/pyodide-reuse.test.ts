import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openRehearsed } from '../../runtime/engines/pyodide/execute.ts';
import { GLUE_NAMES } from '../../runtime/engines/pyodide/glue.ts';
import type { Interpreter } from '../../runtime/engines/pyodide/interpreter.ts';
import { keepMemories } from '../../runtime/engines/pyodide/memories.ts';
import { MODULE_NAME } from '../../runtime/engines/pyodide/module-name.ts';
import type { PyodideShared } from '../../runtime/engines/pyodide/program.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { openNodeRealm } from '../../runtime/platform/python/node-realm.ts';
import { createNodePyodideEngine } from '../../runtime/platform/python/pyodide-engine.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { exportsOf, memoryBufferOf } from '../../runtime/wasm/intrinsics.ts';
import { openPython, pythonContext } from '../support/pyodide-parts.ts';

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
sys.task = asyncio.get_event_loop().create_task(late())
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

describe('a memory that serves one interpreter after another', () => {
  let parts: PyodideShared;
  let module: WebAssembly.Module;
  beforeAll(async () => {
    const { engine, shared } = await openPython();
    const repeats = await engine.shared?.({ ...pythonContext(), deterministic: true });
    parts = repeats?.data as PyodideShared;
    module = shared.modules[MODULE_NAME] as WebAssembly.Module;
  });
  const bytesOf = (memory: WebAssembly.Memory): Uint8Array => new Uint8Array(memoryBufferOf(memory));
  const differences = (one: Uint8Array, two: Uint8Array): number => {
    let count = Math.abs(one.length - two.length);
    for (let at = 0; at < one.length; at++) if (one[at] !== two[at]) count += 1;
    return count;
  };

  test('has nothing of the first in it for the second, in no byte', async () => {
    const open = (memory: WebAssembly.Memory) => openRehearsed(openNodeRealm, parts, module, memory);
    const random = vi
      .spyOn(crypto, 'getRandomValues')
      .mockImplementation((array) => (array as unknown as Uint8Array).fill(7) as never); // else its generators differ
    const fresh = await open(keepMemories(parts).take());
    const memories = keepMemories(parts);
    const memory = memories.take();
    const first = await open(memory);
    first.close();
    bytesOf(memory).fill(0xa5); // whatever a guest can have written, to every byte
    memories.giveBack(memory);
    expect(memories.take()).toBe(memory);
    const second = await open(memory);
    expect(bytesOf(memory).length).toBe(bytesOf(fresh.memory).length);
    expect(differences(bytesOf(memory), bytesOf(fresh.memory))).toBe(0);
    random.mockRestore();
    fresh.close();
    second.close();
  });

  test('is out of reach of the realm and the wasm that had it', async () => {
    const glue = parts.assets.glue.replace(
      `globalThis.${GLUE_NAMES.create}=_createPyodideModule;`,
      `globalThis.${GLUE_NAMES.create}=async (settings) => (globalThis.left = await _createPyodideModule(settings));`,
    );
    expect(glue).not.toBe(parts.assets.glue);
    const ended = await openRehearsed(
      openNodeRealm,
      { ...parts, assets: { ...parts.assets, glue, code: {} } },
      module,
    );
    const { memory, realm } = ended;
    const look = (name: string): unknown =>
      realm.evaluate(
        `(() => { try { return String(${name}); } catch (error) { return 'throws ' + error; } })()`,
        `look at ${name}`,
      );
    expect(look('left.HEAPU8.length')).toBe(String(bytesOf(memory).length));
    const exports = exportsOf(ended.instances[0] as WebAssembly.Instance);
    ended.close();
    const memories = keepMemories(parts);
    memories.giveBack(memory);
    const next = await openRehearsed(openNodeRealm, parts, module, memories.take());
    expect(next.memory).toBe(memory);
    const before = bytesOf(memory).slice();
    expect(look('left.HEAPU8.length')).toBe('0');
    expect(look('left.HEAPU8.buffer.byteLength')).toBe('0');
    expect(look('left.HEAPU8.fill(1)')).toMatch(/^throws|^$/);
    expect(look('left.wasmMemory.buffer')).toMatch(/^throws/);
    expect(look('left.wasmMemory.grow(1)')).toMatch(/^throws/);
    const names = ['PyObject_Hash', 'Py_HashBuffer', 'sbrk', 'malloc', 'PyErr_Print', 'PyRun_SimpleString'];
    const calls = names.map((name) => exports[name]).filter((call) => typeof call === 'function');
    expect(calls.length).toBeGreaterThan(3);
    for (const call of calls) expect(() => call(1024, 1024)).toThrow('unreachable');
    expect(differences(bytesOf(memory), before)).toBe(0);
    next.close();
  });

  test('is dropped once it has grown, or carries anything', () => {
    const memories = keepMemories(parts);
    const [grown, marked] = [memories.take(), memories.take()];
    grown.grow(1);
    memories.giveBack(grown);
    expect(memories.take()).not.toBe(grown);
    Object.assign(marked, { left: 1 });
    memories.giveBack(marked);
    const last = memories.take();
    expect(last).not.toBe(marked);
    const [first, most] = [memoryBufferOf(last).byteLength, parts.maxMemoryBytes];
    expect(first).toBeLessThan(most);
    memories.giveBack(last);
    expect(memories.take()).toBe(last);
  });
});
