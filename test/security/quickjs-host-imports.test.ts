import { describe, expect, test } from 'vitest';
import { PRIMITIVES } from '../../runtime/engines/quickjs/abi.ts';
import { createClock } from '../../runtime/engines/quickjs/clock.ts';
import { writeImage } from '../../runtime/engines/quickjs/image.ts';
import { layoutOf } from '../../runtime/engines/quickjs/layout.ts';
import { createMachine, type Machine } from '../../runtime/engines/quickjs/machine.ts';
import { createPrimitives, type Primitives } from '../../runtime/engines/quickjs/primitives.ts';
import { createReactions } from '../../runtime/engines/quickjs/reactions.ts';
import { urlPrimitive } from '../../runtime/engines/quickjs/url-primitive.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { createFakeHost, type FakeHost, runSpec } from '../support/fake-host.ts';
import { loadQuickjs, runJs } from '../support/quickjs-for-tests.ts';

/** An instance whose guest holds the host's own functions, as none ever does: `primitives.write` and so on. */
async function exposed(): Promise<{
  readonly machine: Machine;
  readonly primitives: Primitives;
  readonly host: FakeHost;
  readonly run: (code: string) => string | undefined;
}> {
  const { module } = await loadQuickjs();
  const layout = layoutOf(module);
  const host = createFakeHost({
    operations: {
      'probe.echo': (args, bytes) => ({ value: args, ...defined({ bytes }) }),
    },
  });
  const run = runSpec({ limits: mergeLimits([{ hostCallBytes: 4096 }]), stdin: Uint8Array.of(1, 2, 3) });
  const meter = createMeter({ fuel: 2_000_000_000 });
  let machine: Machine;
  const primitives = createPrimitives({
    machine: () => machine,
    run,
    host,
    clock: createClock(run, host),
    stop: meter.stop,
    charge: meter.charge,
    exit: () => undefined,
    part: () => undefined,
    reactions: createReactions(() => machine),
    commonJs: {
      resolve: (_base, specifier) => ({ failure: `no ${specifier}` }),
      compile: () => 0,
    },
  });
  machine = createMachine({
    module,
    memoryBytes: 64 * 1024 * 1024,
    initialPages: layout.pages,
    context: layout.context,
    runtime: layout.runtime,
    attach: meter.attach,
    host: {
      callHost: primitives.callHost,
      onRejection: () => undefined,
      normalizeModule: (_base, name) => name,
      loadModule: () => ({ failure: 'none' }),
      errorFor: () => 0,
      onThrashing: () => undefined,
      zoneOffset: () => 0,
      shouldStop: () => false,
      now: () => 0,
    },
  });
  writeImage(module, machine.memory(), false);
  const { exports } = machine;
  const holder = exports.QTS_NewObject(layout.context);
  for (const [ref, name] of PRIMITIVES.entries()) {
    exports.QTS_SetProp(layout.context, holder, machine.newText(name), machine.newFunction(name, ref));
  }
  for (const ref of [-1, PRIMITIVES.length, 0x7fff_ffff]) {
    exports.QTS_SetProp(
      layout.context,
      holder,
      machine.newText(`unknown${ref}`),
      machine.newFunction('unknown', ref),
    );
  }
  const setter = machine.evaluate('(p) => { globalThis.primitives = p }', 'setup', 0);
  if (!('value' in setter)) throw new Error('no setter');
  machine.call(setter.value, [holder]);
  return {
    machine,
    primitives,
    host,
    run: (code) => {
      const done = machine.evaluate(code, 'main.js', 0);
      if ('value' in done) return machine.readText(done.value);
      const text = machine.evaluate('String', 'main.js', 0);
      if (!('value' in text)) return undefined;
      const said = machine.call(text.value, [done.thrown]);
      return 'value' in said ? `threw ${machine.readText(said.value)}` : 'threw';
    },
  };
}

/** What a guest may put in place of every argument. */
const VALUES = `[undefined, null, true, 0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 53, 1e308, 10n, Symbol('s'), '', 'x', 'probe.echo', '__proto__', 'constructor', '{', '{}', '[]', 'null', '"text"', '{"__proto__":{"polluted":1}}', '{"a":1}',
  'a\\0b', '\\ud800', 'x'.repeat(100000), {}, [], () => 1, class {}, new Proxy({}, {}), new Proxy(function () {}, {}), new ArrayBuffer(0), new ArrayBuffer(10000), new Uint8Array(5), new Uint8Array(5).buffer, new DataView(new ArrayBuffer(1)),
  { toString() { throw new Error('called') }, valueOf() { throw new Error('called') } }, { get length() { throw new Error('called') } }, new Date(), /x/, new Map(), Promise.resolve(1), new Error('x'), globalThis]`;

describe('the functions that the host gives to the prelude', () => {
  test('take any arguments in any number without a throw, a crash or a look at an object', async () => {
    const { run, machine, host } = await exposed();
    const answer = run(`
      const values = ${VALUES};
      let calls = 0; const seen = new Set();
      for (const [name, f] of Object.entries(primitives)) {
        for (let count = 0; count <= 4; count++) {
          for (let round = 0; round < 60; round++) {
            const args = Array.from({ length: count }, (_, at) => values[(round * 7 + at * 13 + count * 3) % values.length]);
            try { seen.add(typeof f.apply(values[round % values.length], args)); } catch (error) { seen.add('threw ' + name + ' ' + error); }
            calls++;
          }
          for (const value of values) { try { seen.add(typeof f(value, value, value, value)); } catch (error) { seen.add('threw ' + name + ' ' + error); } calls++; }
        }
      }
      calls + ' ' + [...seen].sort().join()`);
    expect(answer).toMatch(/^\d+ number,object,string,undefined$/);
    expect(machine.aborted()).toBeUndefined();
    // Only whole, plain JSON objects ever reached the gate.
    for (const { operation, args } of host.calls) {
      expect(typeof operation).toBe('string');
      expect(Array.isArray(args) || args === null || typeof args !== 'object').toBe(false);
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('take what should be JSON and is not for an empty text', async () => {
    const { run } = await exposed();
    for (const text of ['{', '', 'x', '"', '[', 'nul']) {
      const code = `primitives.write(0, ${JSON.stringify(text)}, true); primitives.encode(${JSON.stringify(text)}, true).byteLength + ' ' + typeof primitives.base64(1, ${JSON.stringify(text)})`;
      expect(run(code), text).toBe('0 string');
    }
  });

  test('copy nothing over hostCallBytes', async () => {
    const { run, host } = await exposed();
    run(
      `primitives.callSync('probe.echo', '{"a":"' + 'x'.repeat(5000) + '"}'); primitives.callSync('probe.echo', '{}', new ArrayBuffer(5000)); primitives.callSync('probe.echo', '{}', new ArrayBuffer(4096));`,
    );
    expect(host.calls).toEqual([
      { operation: 'probe.echo', args: {} },
      { operation: 'probe.echo', args: {} },
    ]);
    expect(run('const b = primitives.takeBytes(); String(b && b.byteLength)')).toBe('4096');
    expect(run('String(primitives.takeBytes())')).toBe('undefined');
  });

  test('answer what they answer by value: a guest that changes it changes nothing of the host', async () => {
    const { run } = await exposed();
    expect(
      run('new Uint8Array(primitives.stdin()).fill(9); [...new Uint8Array(primitives.stdin())].join()'),
    ).toBe('1,2,3');
    expect(
      run(
        'primitives.random(65536).byteLength + " " + primitives.random(65537).byteLength + " " + primitives.random(-1).byteLength',
      ),
    ).toBe('65536 0 0');
  });

  test('end the program once only', async () => {
    const { run, primitives } = await exposed();
    run('primitives.settled(0); primitives.settled(1);');
    expect(primitives.settled()).toBe('failure');
  });

  test('lead nowhere by their constructors and prototypes', async () => {
    const { run } = await exposed();
    expect(
      run(
        `const f = primitives.write; const F = f.constructor; const attempt = (get) => { try { return String(get()) } catch (e) { return e.name } };
         [F === Function, F('return typeof process + typeof require')(), Object.getPrototypeOf(f) === Function.prototype, attempt(() => f.caller), attempt(() => f.arguments), attempt(() => new f())].join()`,
      ),
    ).toBe('true,undefinedundefined,true,TypeError,TypeError,TypeError');
  });

  test('parse URLs of any text, and set nothing but the parts of a URL', () => {
    for (const request of [
      '',
      '{',
      'null',
      '[]',
      '{"input":5}',
      '{"href":"http://a/","set":"toString","value":"x"}',
      '{"href":"http://a/","set":"__proto__","value":"x"}',
      '{"href":"http://a/","set":"searchParams","value":"x"}',
      JSON.stringify({ input: 'x'.repeat(500_000) }),
    ]) {
      expect(urlPrimitive(request)).toBe('');
    }
    expect(JSON.parse(urlPrimitive('{"input":"http://a/"}'))).toMatchObject({ href: 'http://a/' });
  });
});

describe('host calls by the guest', () => {
  const echo = {
    'probe.echo': (args: object, bytes?: Uint8Array) => ({
      value: structuredClone(args) as never,
      ...defined({ bytes }),
    }),
  };

  test('take arguments of any kind: what is not JSON is an error of the guest, or left out', async () => {
    const { value, host } = await runJs(
      `const attempt = async (...a) => { try { const r = await sandglass.call(...a); return r?.value ?? r } catch (e) { return e.name } };
       const cyclic = {}; cyclic.me = cyclic;
       [await attempt('probe.echo', { a: 1n }), await attempt('probe.echo', cyclic), await attempt('probe.echo', null), await attempt('probe.echo', [1]), await attempt('probe.echo', 'text'),
        await attempt('probe.echo', { f() {}, u: undefined, n: NaN }), await attempt('probe.echo', { get x() { throw new RangeError('x') } }), await attempt('probe.echo', { toJSON: () => ({ changed: 1 }) }),
        await attempt('probe.echo', JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}')), await attempt(Symbol('s')), await attempt({ toString() { throw new TypeError() } }), await attempt('probe.echo', {}, 'no bytes'), await attempt('probe.echo', {}, new Proxy(new Uint8Array(1), {}))]`,
      { host: { operations: echo } },
    );
    expect(value).toEqual([
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
      'TypeError',
      { n: null },
      'RangeError',
      { changed: 1 },
      JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}'),
      'SandglassError',
      'TypeError',
      'TypeError',
      'TypeError',
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    for (const { operation } of host.calls) expect(['probe.echo', 'Symbol(s)']).toContain(operation);
  });

  test('over hostCallBytes are refused before they are copied', async () => {
    const { value, host } = await runJs(
      `const attempt = async (...a) => { try { await sandglass.call(...a); return 'ok' } catch (e) { return e.message } };
       [await attempt('probe.echo', { a: 'x'.repeat(9e6) }), await attempt('probe.echo', {}, new Uint8Array(9 * 1024 * 1024))]`,
      { host: { operations: echo } },
    );
    expect(value).toEqual([
      'Cannot call probe.echo: an argument of 9000008 bytes is over the limit of 8388608 (hostCallBytes)',
      'Cannot call probe.echo: an argument of 9437184 bytes is over the limit of 8388608 (hostCallBytes)',
    ]);
    expect(host.calls).toEqual([]);
  });

  test('that never settle leave the run to its deadline', async () => {
    let polls = 0;
    const { host } = await runJs('1');
    const engineHost = {
      ...host,
      call: () => new Promise<never>(() => undefined),
      sleep: async () => {
        polls += 1;
      },
      stopReason: () => (polls > 3 ? ('deadline' as const) : undefined),
    };
    const { quickjsEngine } = await import('../support/quickjs-for-tests.ts');
    const { prepareGuest, script } = await import('../support/engine-guests.ts');
    const engine = quickjsEngine();
    const guest = await prepareGuest(engine, script('javascript', 'await sandglass.call("probe.never")'));
    expect(await engine.execute(guest, runSpec(), engineHost)).toMatchObject({
      kind: 'limit',
      limit: 'deadline',
    });
    // A call nobody waits for keeps the run going just the same, as in Node.
    polls = 0;
    const idle = await prepareGuest(engine, script('javascript', 'void sandglass.call("probe.never"); 1'));
    expect(await engine.execute(idle, runSpec(), engineHost)).toMatchObject({
      kind: 'limit',
      limit: 'deadline',
    });
  });

  test('may be made from anywhere: getters, toJSON, proxies, timers, jobs, sort', async () => {
    const { value } = await runJs(
      `const call = (n) => sandglass.call('probe.echo', { n });
       const got = []; const keep = (p) => p.then((v) => got.push(v.n));
       ({ get a() { keep(call(1)); return 1 } }).a; JSON.stringify({ toJSON() { keep(call(2)); return 1 } }); new Proxy({}, { get() { keep(call(3)); return 1 } }).x;
       [2, 1].sort(() => { keep(call(4)); return 0 }); queueMicrotask(() => keep(call(5))); setTimeout(() => keep(call(6)), 1); await call({ toJSON() { keep(call(7)); return 0 } });
       console.log({ get [Symbol.toStringTag]() { keep(call(8)); return 'x' } }); await new Promise((r) => setTimeout(r, 5)); [...new Set(got)].sort()`,
      { host: { operations: echo } },
    );
    expect(value).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('many at once are all answered', async () => {
    const { value } = await runJs(
      `const all = await Promise.all(Array.from({ length: 2000 }, (_, n) => sandglass.call('probe.echo', { n }))); all.every((v, n) => v.n === n)`,
      { host: { operations: echo } },
    );
    expect(value).toBe(true);
  });
});
