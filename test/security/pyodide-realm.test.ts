import { beforeAll, describe, expect, test } from 'vitest';
import { GLUE_NAMES } from '../../runtime/engines/pyodide/glue.ts';
import { openInterpreter } from '../../runtime/engines/pyodide/interpreter.ts';
import { keepMemories } from '../../runtime/engines/pyodide/memories.ts';
import type { Realm } from '../../runtime/engines/pyodide/open-realm.ts';
import type { PyodideShared } from '../../runtime/engines/pyodide/program.ts';
import { openNodeRealm } from '../../runtime/platform/python/node-realm.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { createFakeHost } from '../support/fake-host.ts';
import { openPython, type PythonBench } from '../support/pyodide-parts.ts';

/** Every object that a program can get hold of in its realm, by walking from where Python stands. */
const REACH = String.raw`
import sys, gc, asyncio
found = []
def keep(make):
    try:
        found.append(make())
    except BaseException as error:
        found.append(error)
        while error is not None:
            found.append(getattr(error, 'js_error', None))
            error = error.__context__
import _sandglass_host as host
import pyodide.ffi as ffi
import _pyodide_core
bridge = host._host
keep(lambda: bridge)
keep(lambda: bridge.call)
keep(lambda: bridge.call('nope.nope', '{}'))
keep(lambda: bridge.call('nope.nope', 'this is not JSON'))
keep(lambda: bridge.call('nope.nope', '{}', ffi.to_js(b'abc')))
keep(lambda: bridge.call('nope.nope', '{}', 7))
keep(lambda: bridge.take(object(), -5))
keep(lambda: bridge.take(0, 16))
keep(lambda: bridge.sleep('x'))
pending = bridge.call_later('nope.nope', '{}')
keep(lambda: pending)
keep(lambda: bridge.call_later('nope.nope', 'not JSON'))
found.append(await pending)
keep(lambda: ffi.to_js({'a': [1, b'x']}))
keep(lambda: ffi.create_proxy(keep))
keep(lambda: ffi.create_proxy(keep).constructor)
keep(lambda: ffi.to_js(b'abc').constructor.constructor)
keep(lambda: bridge.call.constructor('return this')())
keep(lambda: ffi.to_js([1]).map(lambda *a: 1 / 0))
keep(lambda: ffi.to_js([1]).map(lambda *a: [][5]))
def deep(n):
    try:
        return bridge.call('deep.deep', '{}') if n == 0 else deep(n - 1)
    except RecursionError as error:
        keep(lambda: bridge.now())
        raise
sys.setrecursionlimit(200)
keep(lambda: deep(1000))
given = []
def storm():
    return str(given[0])
ffi.create_proxy(given.append)(toString=ffi.create_proxy(storm))
keep(lambda: storm())
timer = asyncio.get_event_loop().call_later(0, lambda: None)
await asyncio.sleep(0.01)
for name in ('js', 'pyodide_js'):
    keep(lambda: __import__(name))
    keep(lambda: sys.modules[name])
for thing in gc.get_objects():
    if type(thing).__module__ in ('pyodide.ffi', '_pyodide_core') or 'Js' in type(thing).__name__:
        found.append(thing)
len(found)
`;

/** Objects of the host's realm that every host object leads to. */
function hostIntrinsics(): Set<object> {
  const found = new Set<object>();
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    let value: unknown;
    try {
      value = Reflect.get(globalThis, name);
    } catch {
      continue;
    }
    if (typeof value === 'function') {
      found.add(value);
      if (typeof value.prototype === 'object' && value.prototype !== null) found.add(value.prototype);
    }
  }
  for (const value of [
    globalThis,
    process,
    (async () => undefined).constructor,
    function* () {}.constructor,
  ]) {
    found.add(value);
    found.add(Object.getPrototypeOf(value) as object);
  }
  return found;
}

interface Walk {
  readonly visited: number;
  readonly foreign: readonly string[];
}

/** What a Map or a Set of any realm holds. */
function contents(value: object): unknown[] {
  for (const list of [
    (): unknown[] => [...Map.prototype.entries.call(value as Map<unknown, unknown>)].flat(),
    (): unknown[] => [...Set.prototype.values.call(value as Set<unknown>)],
  ]) {
    try {
      return list();
    } catch {
      // not one of these
    }
  }
  return [];
}

function walk(roots: readonly (readonly [string, unknown])[], hosts: ReadonlySet<object>): Walk {
  const seen = new Set<object>();
  const foreign: string[] = [];
  const queue: [string, unknown][] = roots.map(([path, root]) => [path, root]);
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [path, value] = next;
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
      continue;
    seen.add(value);
    if (hosts.has(value)) {
      foreign.push(path);
      continue;
    }
    if (path.length > 600) continue;
    try {
      queue.push([`${path}.__proto__`, Object.getPrototypeOf(value)]);
    } catch {
      // A proxy of the guest's may refuse: what it hides is reached from elsewhere.
    }
    let names: (string | symbol)[] = [];
    try {
      names = ArrayBuffer.isView(value) ? [] : Reflect.ownKeys(value);
    } catch {
      // as above
    }
    for (const name of names) {
      let descriptor: PropertyDescriptor | undefined;
      try {
        descriptor = Reflect.getOwnPropertyDescriptor(value, name);
      } catch {
        continue;
      }
      const at = `${path}.${String(name)}`;
      if (descriptor === undefined) continue;
      if ('value' in descriptor) queue.push([at, descriptor.value]);
      else queue.push([`${at}:get`, descriptor.get], [`${at}:set`, descriptor.set]);
    }
    for (const item of contents(value)) queue.push([`${path}:item`, item]);
  }
  return { visited: seen.size, foreign };
}

describe('the realm of a Python guest', () => {
  let python: PythonBench;
  beforeAll(async () => {
    python = await openPython();
  });

  /** Runs the program in an interpreter whose internals the test can see, and walks all that is reachable. */
  const reach = async (
    code: string,
    spoil: (realm: Realm) => void = () => undefined,
  ): Promise<Walk & { report: string }> => {
    const parts = python.shared.data as PyodideShared;
    const { assets } = parts;
    const glue = assets.glue.replace(
      `globalThis.${GLUE_NAMES.create}=_createPyodideModule;`,
      `globalThis.${GLUE_NAMES.create}=async (settings) => (globalThis.testModule = await _createPyodideModule(settings));`,
    );
    expect(glue).not.toBe(assets.glue);
    const module = python.shared.modules.pyodide;
    if (module === undefined) throw new Error('no module');
    let realm: Realm | undefined;
    const interpreter = await openInterpreter({
      openRealm: () => {
        realm = openNodeRealm();
        return realm;
      },
      assets: { ...assets, glue },
      module,
      memory: keepMemories(parts).take(),
      maxMemoryBytes: parts.maxMemoryBytes,
    });
    if (realm === undefined) throw new Error('no realm');
    spoil(realm);
    const meter = createMeter({ fuel: 2e11 });
    interpreter.connect({
      host: createFakeHost(),
      meter,
      stdin: new Uint8Array(),
      fixedClock: false,
      hostCallBytes: 1024 * 1024,
      outsideBytes: 1e9,
      packages: [],
      library: [],
      settings: {
        maxMemoryBytes: parts.maxMemoryBytes,
        textLength: 1024 * 1024,
        scratchBytes: parts.maxMemoryBytes,
        chunkBytes: 65_536,
        mounts: ['/data'],
        writable: [true],
        cwd: '/',
      },
      entered: () => undefined,
      refused: () => undefined,
    });
    const spec = {
      code,
      filename: 'main.py',
      modules: {},
      argv: [],
      env: {},
      cwd: '/',
      base: null,
      inputs: {},
      mounts: [],
      valueBytes: 1e6,
      recursionLimit: 1000,
      packages: false,
      repeats: false,
      options: {},
    };
    const report = await interpreter.ask((id) => interpreter.api.run(id, JSON.stringify(spec)));
    const held: [string, unknown][] = [
      ['globalThis', realm.evaluate('globalThis', 'test.js')],
      ['module', realm.evaluate('testModule', 'test.js')],
    ];
    const get = realm.evaluate(
      '(index) => { try { return [testModule.__hiwire_get(index)]; } catch { return undefined; } }',
      'test.js',
    ) as (index: number) => unknown[] | undefined;
    for (let index = 0; index < 5000; index++) {
      const slot = get(index);
      if (slot !== undefined) held.push([`hiwire[${index}]`, slot[0]]);
    }
    return { ...walk(held, hostIntrinsics()), report: report.text };
  };

  test('holds no object of the host', async () => {
    const { visited, foreign, report } = await reach(REACH);
    expect(report).toMatch(/^\{"value"/);
    expect(visited).toBeGreaterThan(4000);
    expect(foreign).toEqual([]);
  });

  test('the walk finds a host object where there is one', async () => {
    const { foreign } = await reach('1', (realm) => {
      (realm.evaluate('globalThis', 'test.js') as Record<string, unknown>).planted = {
        deep: [new Error('host')],
      };
    });
    expect(foreign.length).toBeGreaterThan(0);
  });
});
