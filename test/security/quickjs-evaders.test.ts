import { describe, expect, test } from 'vitest';
import { runJs } from '../support/quickjs-for-tests.ts';
import { verifies } from '../support/verifies.ts';

/**
 * Programs that never end by themselves, or not in any time that matters. Each one must end with the code of its limit: what stops it is
 * fuel compiled into the engine, also inside native loops, where QuickJS polls no interrupt handler.
 */
const SPINNERS: Readonly<Record<string, string>> = {
  'a plain loop': 'for (;;);',
  'a loop with an empty catch': 'for (;;) { try { throw 1 } catch {} }',
  'nested finally': 'const f = () => { try { for (;;); } finally { f() } }; f();',
  'finally that continues': 'outer: for (;;) { try { for (;;); } catch { } finally { continue outer } }',
  'quadratic indexOf': 'const a = "a".repeat(2e6); for (;;) a.indexOf("a".repeat(1e6) + "b");',
  'array indexOf of nothing': 'const a = new Array(3e6).fill(0); for (;;) a.indexOf(1);',
  'sparse reverse': 'const a = []; a.length = 2 ** 32 - 1; a.reverse();',
  'sparse join': 'const a = []; a.length = 2 ** 32 - 1; a.join();',
  'sparse sort': 'const a = [1]; a.length = 2 ** 32 - 1; a.sort();',
  'sparse fill': 'const a = { length: 2 ** 53 - 1 }; Array.prototype.fill.call(a, 0, 2 ** 53 - 3e9);',
  'sparse lastIndexOf': 'Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);',
  'sparse includes': 'Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);',
  'sparse copyWithin': 'const a = []; a.length = 2 ** 32 - 1; a.copyWithin(0, 1);',
  'sparse forEach': 'const a = []; a.length = 2 ** 32 - 1; a.forEach(() => {});',
  'exponential JSON.stringify':
    'let o = {}; for (let i = 0; i < 60; i++) o = { a: o, b: o }; JSON.stringify(o);',
  'exponential flat': 'let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; a.flat(Infinity);',
  'exponential toString': 'let a = [1]; for (let i = 0; i < 28; i++) a = [a, a]; String(a);',
  'array of 1e8 joined': 'Array(1e8).join("");',
  'catastrophic regex': '/^(a+)+$/.test("a".repeat(40) + "b");',
  'catastrophic regex with lookahead': '/^(?=(a*)*)(a|aa)+$/.test("a".repeat(60) + "!");',
  'catastrophic regex in replace': '"x".repeat(30000).replace(/(x+x+)+y/g, "");',
  'catastrophic regex in split': '"a".repeat(40).split(/(a|a|aa)+$b/);',
  'named backreference regex': '/(?<x>a*)*\\k<x>b/.test("a".repeat(34));',
  'microtask storm': 'const f = () => Promise.resolve().then(f); f();',
  'microtask storm of two': 'const f = () => { queueMicrotask(f); }; f();',
  'awaiting for ever': 'for (;;) await null;',
  'an async generator without end': 'for await (const x of (async function* () { for (;;) yield 1; })());',
  'a thenable that answers itself': 'const t = { then(f) { f(t) } }; await t;',
  'a generator without end, spread': '[...(function* () { for (;;) yield; })()].length',
  'an iterator without end in a Set':
    'new Set({ [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) });',
  'an iterator without end, destructured':
    'const [...all] = { [Symbol.iterator]: () => ({ next: () => ({ value: undefined }) }) };',
  'a getter that spins': '({ get a() { for (;;); } }).a;',
  'a proxy trap that spins':
    'new Proxy({}, { has() { for (;;); } }).x in {}; "x" in new Proxy({}, { has() { for (;;); } });',
  'valueOf that spins': '+{ valueOf() { for (;;); } };',
  'toJSON that spins in the value': '({ toJSON() { for (;;); } })',
  'a getter that spins in the value': '({ get a() { for (;;); } })',
  'a getter that spins in console.log': 'console.log({ get [Symbol.toStringTag]() { for (;;); } });',
  'a thrown object whose message spins':
    'throw Object.defineProperty(new Error(), "message", { get() { for (;;); } });',
  'a sort comparator that spins': '[3, 2, 1].sort(() => { for (;;); });',
  'a sort of a million, again and again':
    'const a = Array.from({ length: 1e5 }, (_, i) => -i); for (;;) a.toSorted();',
  'a replace callback that spins': '"a".replace(/a/, () => { for (;;); });',
  'big powers': '(7n ** 40000n) ** 40000n;',
  'big products': 'let x = 3n ** 50000n; for (;;) x = (x * x) % (2n ** 100000n);',
  'big numbers as text': 'const x = 3n ** 200000n; for (;;) x.toString();',
  'big numbers from text': 'for (;;) BigInt("7".repeat(100000));',
  'string padding': 'for (;;) "x".padEnd(1e6, "ab").length;',
  'string concatenation compared':
    'let s = "a".repeat(1e6), t = "a".repeat(1e6); for (;;) s === t + "" && s.localeCompare(t);',
  normalize: 'const s = "\\u0344".repeat(2e5); for (;;) s.normalize("NFD");',
  'case mapping': 'const s = "ß".repeat(5e5); for (;;) s.toUpperCase();',
  'typed array sort': 'const a = new Float64Array(3e5).map((_, i) => -i); for (;;) a.slice().sort();',
  'typed array fill': 'const a = new Uint8Array(1e7); for (;;) a.fill(1);',
  'typed array indexOf': 'const a = new Uint8Array(1e7); for (;;) a.indexOf(1);',
  'structuredClone again and again': 'const a = Array(1e4).fill({ x: 1 }); for (;;) structuredClone(a);',
  '70,000 lets':
    'eval(Array.from({ length: 70000 }, (_, i) => "let v" + i + " = " + i + ";").join("")); for (;;);',
  'eval of growing text': 'let s = "1"; for (;;) { eval(s); s += "+1".repeat(1000); }',
  'Function again and again': 'for (;;) new Function("a".repeat(1000), "return 1");',
  'setInterval without end': 'setInterval(() => { for (let i = 0; i < 1e5; i++); }, 1);',
  'setImmediate without end': 'const f = () => setImmediate(f); f();',
  'a Date parser': 'for (;;) Date.parse("Sat, 01 Jan 2000 00:00:00 GMT".repeat(10));',
  decodeURIComponent: 'const s = "%41".repeat(3e5); for (;;) decodeURIComponent(s);',
  'a Map that grows under its own forEach':
    'const m = new Map([[0, 0]]); let n = 0; m.forEach((v, k) => { m.delete(k); m.set(++n, 0); });',
  'WeakRef churn': 'for (;;) new WeakRef({});',
  'a finalizer storm': 'const r = new FinalizationRegistry(() => {}); for (;;) r.register({}, 1);',
  'Symbol.species that returns itself':
    'class A extends Array { static get [Symbol.species]() { return A } } let a = A.from([1]); for (;;) a = a.map((x) => x);',
  'Array.from of a length': 'Array.from.call(Object, { length: 2 ** 53 - 1 });',
  'sparse splice': 'Array.prototype.splice.call({ length: 2 ** 53 - 2, 0: 1 }, 0, 0, 1);',
  'sparse unshift': 'Array.prototype.unshift.call({ length: 2 ** 53 - 2 }, 1);',
  'sparse shift': 'Array.prototype.shift.call({ length: 2 ** 53 - 1 });',
  'sparse findLast': 'Array.prototype.findLast.call({ length: 2 ** 53 - 1 }, () => false);',
  'sparse reduceRight': 'Array.prototype.reduceRight.call({ length: 2 ** 53 - 1, 0: 0 }, (a) => a, 0);',
  'sparse every over a proxy':
    'Array.prototype.every.call(new Proxy({}, { get: (_, k) => (k === "length" ? 2 ** 53 - 1 : 1), has: () => true }), () => true);',
  'dropping from an endless iterator':
    'Iterator.from({ next: () => ({ done: false, value: 0 }) }).drop(Infinity).next();',
  'filtering an endless iterator':
    'Iterator.from({ next: () => ({ done: false, value: 0 }) }).filter(() => false).next();',
  'Object.fromEntries of an endless iterator':
    'Object.fromEntries((function* () { for (;;) yield [1, 1] })());',
  'Object.groupBy of an endless iterator': 'Object.groupBy((function* () { for (;;) yield 1 })(), () => 1);',
  'Promise.race of an endless iterator':
    'Promise.race({ [Symbol.iterator]: () => ({ next: () => ({ done: false, value: null }) }) });',
  'Set.union with endless keys':
    'new Set([1]).union({ size: 1, has: () => false, keys: () => ({ next: () => ({ done: false, value: 1 }) }) });',
  'an iterator whose return spins':
    'for (const x of { [Symbol.iterator]: () => ({ next: () => ({ value: 1 }), return() { for (;;); } }) }) break;',
  'a generator that outlives its return':
    'const g = (function* () { try { yield } finally { for (;;) yield } })(); g.next(); for (;;) g.return();',
  'a reviver that spins': 'JSON.parse("[1,2]", () => { for (;;); });',
  'a replacer that makes its own input': 'JSON.stringify({}, (k, v) => ({ v }));',
  'ownKeys of a proxy that spins': 'Object.keys(new Proxy({}, { ownKeys() { for (;;); } }));',
  'a proxy that is its own prototype':
    'const p = new Proxy({}, { getPrototypeOf: () => p, get: (t, k, r) => Reflect.get(Object.create(p), k) }); for (;;) { try { p.x } catch {} }',
  'hasInstance that spins': '1 instanceof { [Symbol.hasInstance]() { for (;;); } };',
  'toPrimitive that spins under +': '"a" + { [Symbol.toPrimitive]() { for (;;); } };',
  'toString that spins as a key': '({})[{ toString() { for (;;); } }];',
  'a static block that spins': 'class A { static { for (;;); } }',
  'a default parameter that spins': '((a = (() => { for (;;); })()) => a)();',
  'with over a proxy that spins':
    'new Function("p", "with (p) { x }")(new Proxy({}, { has() { for (;;); } }));',
  'a species constructor that spins':
    'const a = [1]; a.constructor = { get [Symbol.species]() { for (;;); } }; a.map((x) => x);',
  'exec of a regular expression that spins':
    'const r = /a/g; r.exec = () => ({ index: 0, 0: "" }); "aaa".replace(r, "b");',
  'lastIndex that never moves':
    'RegExp.prototype[Symbol.match].call({ flags: "g", exec: () => ({ 0: "" }), set lastIndex(n) {} }, "a");',
  'long alternation, unicode':
    'const r = new RegExp("^(?:" + "\\\\p{L}|".repeat(200) + "x)*$", "u"); for (;;) r.test("a".repeat(200) + "1");',
  'split of a long text, again and again': 'const s = "a,".repeat(2e5); for (;;) s.split(",");',
  'replaceAll that grows': 'let s = "aa"; for (;;) { s = s.replaceAll("a", "ab").slice(0, 1e6); }',
  'lastIndexOf, quadratic': 'const s = "a".repeat(1e6); for (;;) s.lastIndexOf("b" + "a".repeat(5e5));',
  'big shifts': 'for (;;) (1n << 500000n) >> 1n;',
  'big quotients': 'const x = 7n ** 100000n, y = 3n ** 80000n; for (;;) x / y;',
  'BigInt.asUintN': 'const x = -1n; for (;;) BigInt.asUintN(1000000, x);',
  'catch in every frame':
    'const f = (n) => { try { f(n + 1); } catch { f(0); } finally { try { f(n); } catch {} } }; f(0);',
  'an async function that swallows':
    'const f = async () => { for (;;) { try { await f2() } catch {} } }, f2 = async () => { try { await 1 } finally { throw 1 } }; await f();',
  'unhandled rejections without end': 'const f = () => { Promise.reject(1); queueMicrotask(f); }; f();',
  'Promise.withResolvers chains':
    'let f = () => { const { promise, resolve } = Promise.withResolvers(); promise.finally(f); resolve(); }; f(); await new Promise(() => {});',
  'sort of proxies':
    'const a = [3, 2, 1].map((n) => new Proxy({}, { get: () => () => { for (;;); } })); a.sort();',
  'a comparator that changes what is sorted':
    'for (;;) { const a = Array.from({ length: 1000 }, (_, i) => i); a.sort(() => { a.push(1); return a.length % 3 - 1; }); }',
  'tampered builtins':
    'Array.prototype[Symbol.iterator] = function* () { for (;;) yield 1 }; Promise.prototype.then = function () { for (;;); }; (async () => { const [a] = [1]; for (;;); })();',
};

const FUEL = 60_000_000;
/** The number of polls after which the host says that time is up: a few slices. */
const POLLS = 40;

describe('programs that never end', verifies('LM-14'), () => {
  test.each(Object.entries(SPINNERS))('fuel ends %s', async (_name, code) => {
    const { result } = await runJs(code, {
      limits: { fuel: FUEL, memoryBytes: 256 * 1024 * 1024 },
      host: { deterministic: { seed: 1, now: 0 } },
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel', fuel: FUEL });
  });

  test.each(Object.entries(SPINNERS))('the deadline ends %s', async (_name, code) => {
    let polls = 0;
    const { result } = await runJs(code, {
      limits: { memoryBytes: 256 * 1024 * 1024 },
      host: {
        deterministic: { seed: 1, now: 0 },
        stopReason: () => {
          polls += 1;
          return polls > POLLS ? 'deadline' : undefined;
        },
      },
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'deadline' });
  });

  test('fuel is spent exactly and told, whatever the guest caught on its way', async () => {
    const { result } = await runJs('for (;;) { try { (function f() { f() })() } catch {} }', {
      limits: { fuel: 30_000_000 },
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel', fuel: 30_000_000 });
  });
});
