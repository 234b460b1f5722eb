import { format } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

/** Arguments of `console.log` that must show as Node shows them. */
const AS_NODE = [
  '1',
  '-0',
  '"a"',
  '["a"]',
  '["it\'s"]',
  '["it\'s \\"q\\""]',
  '["a\\nb"]',
  'null',
  'undefined',
  '10n',
  'Symbol("x")',
  '{}',
  '({a:1})',
  '({a:{b:{c:{d:1}}}})',
  '[]',
  '[[[[1]]]]',
  '[1,,3]',
  '[1,2,3,4,5,6,7]',
  'Array.from({length:120},(_, i)=>i)',
  'Array.from({length:27},(_, i)=>i*1000)',
  'Array.from({length:10},(_, i)=>"item"+i)',
  'Array.from({length:30},(_, i)=>"s".repeat(i%5+1))',
  '[-1,-22,333,4444,55555,6,7,8,9,10]',
  '[1.5,2.25,100.125,3,4,5,6,7,8]',
  '["apple","banana","cherry","dragonfruit","elderberry","fig","grape","honeydew"]',
  'new Map([[1,{a:2}],["x",[1]]])',
  'new Set([1,"a",{b:1}])',
  'new Map()',
  'new Date(0)',
  'new Date(NaN)',
  '/ab+c/gi',
  'function foo(){}',
  '()=>1',
  'class A{}',
  'class B extends Array{}',
  'async function af(){}',
  'function* g(){}',
  'new (class Foo{constructor(){this.x=1}})',
  'Object.create(null)',
  'Object.assign(Object.create(null),{a:1})',
  'new Uint8Array([1,2,3])',
  'new Uint8Array(200)',
  'new ArrayBuffer(4)',
  '({get a(){return 1}, set b(v){}, get c(){return 1}, set c(v){}})',
  '({[Symbol("k")]:1, "a-b":2, 3:4})',
  '({a:"x".repeat(100), b:"y".repeat(50)})',
  '[{name:"Alice",age:30},{name:"Bob",age:25}]',
  '({users:[{name:"Alice",tags:["a","b"]},{name:"Bob",tags:[]}], total:2})',
  'new Boolean(false)',
  'new Number(3)',
  'new String("abc")',
  '[undefined,null,NaN,-0]',
  'Object.assign(()=>{}, {x:1})',
  'Object.assign([1,2],{x:1})',
  '(()=>{const o={a:1};o.self=o;o.list=[o];return o})()',
  '"%s is %d years and %i, %f, %j %O %%", "Bob", 42.5, 42.9, "1.5", {a:1}, {b:{c:{}}}',
  '"%s", Symbol("a"), "extra"',
  '"100%", 5',
  '"a%", "b"',
  'Math',
  'new (class extends Map{})([[1,2]])',
  '({s:"multi\\nline"})',
  'new (function Legacy(){this.a=1})',
  '({d:new Date(0),r:/x/})',
  '({matrix:[[1,2,3],[4,5,6],[7,8,9]]})',
  'Array.from({length:7},(_, i)=>({id:i}))',
  'Object.fromEntries(Array.from({length:30},(_, i)=>["key"+i,i]))',
];

describe('console', () => {
  test.each(AS_NODE)('log(%s) shows what Node shows', async (args) => {
    // The cases are this file's own; the test runs them in both worlds.
    // biome-ignore lint/security/noGlobalEval: see above
    const expected: unknown[] = globalThis.eval(`[${args}]`);
    const { stdout } = await runJs(`console.log(${args})`);
    expect(stdout).toBe(`${format(...expected)}\n`);
  });

  test('log, info and debug go to stdout; warn, error, trace and assert to stderr', async () => {
    const { stdout, stderr } = await runJs(
      'console.log(1); console.info(2); console.debug(3); console.warn(4); console.error(5); console.assert(false, "six"); console.assert(true, "no"); console.trace("seven");',
    );
    expect(stdout).toBe('1\n2\n3\n');
    expect(stderr).toBe('4\n5\nAssertion failed: six\nTrace: seven\n    at <eval> (main.js:1:158)\n');
  });

  test('group() moves every line in, groupEnd() back', async () => {
    const { stdout } = await runJs(
      'console.group("g"); console.log("a\\nb"); console.groupEnd(); console.log("c");',
    );
    expect(stdout).toBe('g\n  a\n  b\nc\n');
  });

  test('count(), time() and table()', async () => {
    const { stdout } = await runJs(
      'console.count(); console.count("x"); console.count(); console.table([{a:1,b:"two"},{a:3}]); console.table(["p"]); console.time("t"); console.timeEnd("t");',
      { host: { deterministic: { seed: 1, now: 0 } } },
    );
    expect(stdout).toBe(
      [
        'default: 1',
        'x: 1',
        'default: 2',
        '┌─────────┬───┬───────┐',
        '│ (index) │ a │ b     │',
        '├─────────┼───┼───────┤',
        "│ 0       │ 1 │ 'two' │",
        '│ 1       │ 3 │       │',
        '└─────────┴───┴───────┘',
        '┌─────────┬────────┐',
        '│ (index) │ Values │',
        '├─────────┼────────┤',
        "│ 0       │ 'p'    │",
        '└─────────┴────────┘',
        't: 0ms',
        '',
      ].join('\n'),
    );
  });

  test('text with NUL, lone surrogates and any other character arrives whole', async () => {
    const { stdout } = await runJs('console.log("a\\0b", "é€😀", "\\ud800!")');
    expect(stdout).toBe('a\0b é€😀 \ufffd!\n');
  });

  test('an error shows its class, message, guest frames and cause', async () => {
    const { stdout } = await runJs(
      'const e = new RangeError("no", { cause: "why" });\nconsole.log(e); console.log({ e: 1, x: [e.message] });',
    );
    expect(stdout).toBe(
      "RangeError: no\n    at <eval> (main.js:1:25) {\n  [cause]: 'why'\n}\n{ e: 1, x: [ 'no' ] }\n",
    );
  });

  test('a getter or proxy that throws does not end the run', async () => {
    const { stdout } = await runJs(
      'console.log(new Proxy({}, { ownKeys() { throw new Error("x") } })); console.log({ get a() { throw 1 } });',
    );
    expect(stdout).toBe('Proxy({})\n{ a: [Getter] }\n');
  });
});

test('an iterator that was shown gives all that it has, also where a program has frozen the language', async () => {
  const { stdout } = await runJs(
    `const shown = new Map([[1, 2], [3, 4]]).entries(); console.log(shown); console.log([...shown].length);
const kept = new Set([1]).values(); Object.freeze(Object.getPrototypeOf(kept)); console.log(kept); console.log([...kept].length)`,
  );
  expect(stdout).toBe('[Map Entries] { [ 1, 2 ], [ 3, 4 ] }\n2\nObject [Set Iterator] {}\n1\n');
});

test('objects that say what they are shown as, in the manner of Node', async () => {
  const { stdout } = await runJs(
    `console.log(new Headers({ a: '1' }), new URLSearchParams('a=1&b=2'), Buffer.from('ab'), { [Symbol.for('nodejs.util.inspect.custom')]() { return 'mine' } }, { [Symbol.for('nodejs.util.inspect.custom')]() { throw 1 } })`,
  );
  expect(stdout).toBe(
    "Headers { a: '1' } URLSearchParams { 'a' => '1', 'b' => '2' } <Buffer 61 62> mine {\n  Symbol(nodejs.util.inspect.custom): [Function: [nodejs.util.inspect.custom]]\n}\n",
  );
});
