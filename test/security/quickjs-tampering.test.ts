import { describe, expect, test } from 'vitest';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { runJs } from '../support/quickjs-for-tests.ts';
import { verifies } from '../support/verifies.ts';

verifies('RS-02');

/** Rewrites every built-in function that can be reached, so that each one lies or throws. */
const REWRITE_ALL = (lie: string): string => `
  const lie = ${lie};
  const roots = [Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Date, RegExp, Map, Set, WeakMap, WeakSet, Promise, Proxy, Error, TypeError, RangeError, ArrayBuffer, Uint8Array, DataView, JSON, Math, Reflect,
    Object.getPrototypeOf(Uint8Array), Object.getPrototypeOf(function* () {}), Object.getPrototypeOf([][Symbol.iterator]()), Object.getPrototypeOf(new Map()[Symbol.iterator]()), console, globalThis.URL, URLSearchParams, TextEncoder, TextDecoder, Headers, Response, Request, AbortController, EventTarget, fs, crypto, sandglass];
  const { defineProperty, getOwnPropertyDescriptor, create } = Object;
  const own = Reflect.ownKeys;
  const targets = [];
  for (const root of roots) targets.push([root.prototype, root]);
  const all = targets.flat().filter((target) => target !== undefined && target !== null);
  const work = [];
  for (const target of all) for (const key of own(target)) if (key !== 'prototype' && key !== 'name' && key !== 'length') work.push([target, key, getOwnPropertyDescriptor(target, key)]);
  const names = ['value', 'get', 'set', 'writable', 'configurable', 'then', 'text', 'bytes', 'refused', 'id', 'code', 'message', 'kind', 'json', 'specials', 'resolve', 'reject', 'trace', 'run', 'due', 'order', 'every', 'idle', 'toJSON', 'container', 'keys', 'item', 'at', 'ok'];
  const count = work.length, base = Object.prototype;
  for (let index = 0; index < count; index++) {
    const item = work[index];
    if (item[2].configurable) { const d = create(null); d.configurable = true; d.get = () => lie; d.set = () => {}; try { defineProperty(item[0], item[1], d); } catch {} }
  }
  for (let index = 0; index < names.length; index++) { const d = create(null); d.configurable = true; d.get = () => lie; d.set = () => {}; try { defineProperty(base, names[index], d); } catch {} }
`;

const LIES = {
  'a function that throws': '() => { throw 1 }',
  'a function that answers itself': 'function lie() { return lie }',
  'a refusal-like object': '() => ({ refused: { id: 1 }, id: 1, code: "CAPABILITY_DENIED", value: 1 })',
  nothing: 'undefined',
};

const denied = {
  'probe.echo': (): never => {
    throw new SandglassError('CAPABILITY_DENIED', 'Cannot use probe.echo: no grant for it');
  },
  'probe.ok': () => ({ value: 'fine' }),
};

describe.each(Object.entries(LIES))('a guest that rewrites its built-ins with %s', (name, lie) => {
  test('cannot pass an error of its own for a refusal', async () => {
    const { result } = await runJs(
      `const call = sandglass.call; let first; call('probe.echo').then(null, (error) => { first = error; ${REWRITE_ALL(lie)} throw { refusalId: 1, id: 1, code: 'CAPABILITY_DENIED', name: 'SandglassError', message: 'Cannot use probe.echo: no grant for it', __proto__: first } });`,
      { host: { operations: denied } },
    );
    expect(result.kind).toBe('threw');
    expect(result).not.toHaveProperty('refusalId');
  });

  test('does not lose a refusal that it lets through', async () => {
    const { result } = await runJs(
      `const call = sandglass.call; const pending = call('probe.echo'); ${REWRITE_ALL(lie)} pending`,
      {
        host: { operations: denied },
      },
    );
    expect(result.kind).toBe('threw');
    // A `then` that throws is what the program let through, not the refusal.
    if (name !== 'a function that throws') expect(result).toHaveProperty('refusalId', 1);
  });

  test('still ends with an answer: value, error or limit, and nothing else', async () => {
    for (const end of [
      '42',
      '"text"',
      '({ a: 1 })',
      '[1, 2]',
      'throw new E("x")',
      'new P((r) => setT(r, 1))',
      'log({ a: [1] }); 1',
      'call("probe.ok")',
      'for (;;);',
    ]) {
      const { result } = await runJs(
        `const call = sandglass.call, log = console.log, setT = setTimeout, E = Error, P = Promise; ${REWRITE_ALL(lie)} ${end}`,
        { host: { operations: denied }, limits: { fuel: 50_000_000 } },
      );
      if (end === 'for (;;);') expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
      else expect(['value', 'threw', 'invalid', 'limit']).toContain(result.kind);
      expect(result).not.toHaveProperty('refusalId');
      if (end === '42') expect(result).toMatchObject({ kind: 'value', value: 42 });
    }
  });
});

describe('a guest cannot', () => {
  test('reach the host by the constructor chain of anything the prelude gives it', async () => {
    const { value } = await runJs(`
      const seen = new Set(); const found = []; const queue = [globalThis];
      const forbidden = (x) => { try { return typeof x === 'function' && /process|require\\(|node:/.test(Function.prototype.toString.call(x)) } catch { return false } };
      while (queue.length > 0 && seen.size < 20000) {
        const x = queue.pop();
        if ((typeof x !== 'object' && typeof x !== 'function') || x === null || seen.has(x)) continue;
        seen.add(x);
        if (forbidden(x)) found.push(String(x));
        try { if (typeof x === 'function' && x.constructor !== undefined && /string:(?!undefined)/.test(((r) => typeof r + ':' + String(r))(x.constructor('return typeof WebAssembly')()))) found.push('constructor'); } catch {}
        for (const key of Reflect.ownKeys(x)) { try { const d = Object.getOwnPropertyDescriptor(x, key); queue.push(d.value, d.get, d.set); } catch {} }
        queue.push(Object.getPrototypeOf(x));
      }
      [seen.size > 500, found]`);
    expect(value).toEqual([true, []]);
  });

  test('get hold of what the library is built on, by functions put in place of the built-in ones that it calls', async () => {
    const { value } = await runJs(`
      const found = new Set(); let inside = false, calls = 0;
      const primitives = ['takeBytes', 'callSync', 'settled', 'monotonic', 'compile', 'decodeAs', 'subtle'];
      const own = Reflect.ownKeys, descriptorOf = Object.getOwnPropertyDescriptor, define = Object.defineProperty, apply = Reflect.apply, textOf = Function.prototype.toString;
      const look = (thing) => {
        if (thing === null || (typeof thing !== 'object' && typeof thing !== 'function')) return;
        try {
          if (typeof thing.takeBytes === 'function' || (thing.calls && thing.timers) || thing.setMakeStream) found.add('internals');
          if (typeof thing === 'function' && primitives.includes(thing.name) && apply(textOf, thing, []).includes('native')) found.add(thing.name);
        } catch {}
      };
      const roots = [Object, Function, Array, String, Number, Promise, Reflect, Map, Set, WeakMap, JSON, Symbol, Object.getPrototypeOf(Uint8Array), Uint8Array, ArrayBuffer, DataView, Error, Math, Proxy];
      for (const root of roots) for (const target of [root, root.prototype]) {
        for (const key of target ? own(target) : []) {
          const descriptor = descriptorOf(target, key), real = descriptor.value;
          if (!descriptor.configurable || typeof real !== 'function' || key === 'constructor') continue;
          const hook = function (...args) {
            if (!inside) { inside = true; calls++; look(this); for (let at = 0; at < args.length; at++) look(args[at]); inside = false; }
            return apply(real, this, args);
          };
          try { define(target, key, { value: hook, writable: true, configurable: true }) } catch {}
        }
      }
      const names = require('module').builtinModules, failed = [];
      for (const name of names) { try { require(name) } catch (error) { failed.push(name) } }
      require('crypto').createHash('sha256').update('a').digest('hex');
      new Intl.NumberFormat().format(1); await crypto.subtle.digest('SHA-256', new Uint8Array(1));
      try { require('./nope') } catch {} process.exitCode = 0;
      [names.length > 35, calls > 1000, failed, [...found]]`);
    expect(value).toEqual([true, true, [], []]);
  });

  test('see a path, a stack frame or a name of the host', async () => {
    const { value } = await runJs(`
      const texts = []; const note = (e) => { texts.push(String(e), String(e?.stack)); for (const k of Object.getOwnPropertyNames(e ?? {})) texts.push(String(e[k])); };
      for (const f of [() => null.x, () => new URL('x'), () => structuredClone(() => {}), () => { const g = () => g(); g() }, () => atob('*'), () => crypto.getRandomValues(1), () => JSON.parse('{'), () => eval('('), () => new TextDecoder('zz'), () => fs.readFileSync('/x'), () => setTimeout(1)]) { try { f() } catch (e) { note(e) } }
      for (const f of [() => fs.readFile('/x'), () => fetch('http://x/'), () => import('nope'), () => import('./nope.js'), () => sandglass.call('a.b')]) { try { await f() } catch (e) { note(e) } }
      texts.join('\\n')`);
    expect(value).not.toMatch(/node_modules|runtime\/|file:\/\/|node:internal|\.ts\b|primitives|wasm/i);
    expect(value).not.toContain(process.cwd());
  });

  test('pass off a stack overflow or an out of memory that did not happen', async () => {
    const forged = await runJs(
      'const E = globalThis.InternalError ?? Error; const e = new E("stack overflow"); e.name = "InternalError"; throw e',
    );
    expect(forged.result).toMatchObject({
      kind: 'threw',
      error: { name: 'InternalError', message: 'stack overflow' },
    });
    const memory = await runJs('const e = new Error("out of memory"); e.name = "InternalError"; throw e');
    expect(memory.result).toMatchObject({ kind: 'threw', growthRefused: false });
  });

  test('keep running after the end of the program', async () => {
    const { stdout } = await runJs(
      'Promise.resolve().then(() => { throw new Error("end") }); setTimeout(() => console.log("after"), 1); setImmediate(() => console.log("after"));',
    );
    expect(stdout).toBe('');
  });

  test('be fooled by a thenable, nor fool the run with one', async () => {
    expect((await runJs('({ then(resolve) { resolve({ then(r) { r(7) } }) } })')).value).toBe(7);
    expect((await runJs('({ then() {} })')).value).toBeUndefined();
    expect(
      (await runJs('export function then(resolve) { resolve({ default: "fooled" }) } export default 1'))
        .result.kind,
    ).toMatch(/value|threw/);
    expect((await runJs('Object.prototype.then = function (r) { r("hijacked") }; ({ a: 1 })')).value).toBe(
      'hijacked',
    );
  });
});
