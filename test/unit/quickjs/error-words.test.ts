import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

/** What a program that catches an error of the engine reads: V8's words, as Node 26 has them for the same line. */
const CAUGHT: readonly (readonly [code: string, told: string])[] = [
  ['u.x', "TypeError: Cannot read properties of undefined (reading 'x')"],
  ['none.x.y', "TypeError: Cannot read properties of null (reading 'x')"],
  ['o.list[0]', "TypeError: Cannot read properties of undefined (reading '0')"],
  ['o.items.map((x) => x)', "TypeError: Cannot read properties of undefined (reading 'map')"],
  ['u.x = 1', "TypeError: Cannot set properties of undefined (setting 'x')"],
  ['o.go()', 'TypeError: o.go is not a function'],
  ['o.a.b.c()', 'TypeError: o.a.b.c is not a function'],
  ["o['x-y']()", 'TypeError: o.x-y is not a function'],
  ['list[0]()', 'TypeError: list[0] is not a function'],
  ['u()', 'TypeError: u is not a function'],
  ['(() => 1)()()', 'TypeError: (intermediate value)(...) is not a function'],
  ['o?.go()', 'TypeError: o?.go is not a function'],
  ['new u()', 'TypeError: u is not a constructor'],
  ['new o.a()', 'TypeError: o.a is not a constructor'],
  ['missing', 'ReferenceError: missing is not defined'],
  ['late; let late = 1', "ReferenceError: Cannot access 'late' before initialization"],
  ['const q = 1; q = 2', 'TypeError: Assignment to constant variable.'],
  ['for (const x of o);', 'TypeError: o is not iterable'],
  ['[...o.a]', 'TypeError: o.a is not iterable'],
  ['const { a } = u', "TypeError: Cannot destructure property 'a' of 'u' as it is undefined."],
  ['const { a } = null', "TypeError: Cannot destructure property 'a' of 'null' as it is null."],
  [
    'const [a] = undefined',
    'TypeError: undefined is not iterable (cannot read property Symbol(Symbol.iterator))',
  ],
  ['class K {} K()', "TypeError: Class constructor K cannot be invoked without 'new'"],
  ['1n + 1', 'TypeError: Cannot mix BigInt and other types, use explicit conversions'],
  ['Math.max(1n)', 'TypeError: Cannot convert a BigInt value to a number'],
  ['Symbol() + ""', 'TypeError: Cannot convert a Symbol value to a string'],
  ['Object.keys(u)', 'TypeError: Cannot convert undefined or null to object'],
  ['[].reduce((a) => a)', 'TypeError: Reduce of empty array with no initial value'],
  ['new Array(-1)', 'RangeError: Invalid array length'],
  ['new ArrayBuffer(-1)', 'RangeError: Invalid array buffer length'],
  ['BigInt.asIntN(-1, 5n)', 'RangeError: Invalid value: not (convertible to) a safe integer'],
  ['new Uint8Array(2).set([1, 2, 3])', 'RangeError: offset is out of bounds'],
  ['1n / 0n', 'RangeError: Division by zero'],
  ['new Date(NaN).toISOString()', 'RangeError: Invalid time value'],
  ['decodeURIComponent("%")', 'URIError: URI malformed'],
  ['new WeakMap().set(1, 2)', 'TypeError: Invalid value used as weak map key'],
  [
    'class P { #x; static t(o) { return o.#x } } P.t({})',
    'TypeError: Cannot read private member #x from an object whose class did not declare it',
  ],
  ['(function f() { f() })()', 'RangeError: Maximum call stack size exceeded'],
  ["eval('1 +')", 'SyntaxError: Unexpected end of input'],
];

describe('errors of the engine in the words of V8', () => {
  test.each(CAUGHT)('%s', async (code, told) => {
    const { value } = await runJs(
      `const u = undefined, none = null, o = { a: { b: 1 } }, list = [];\nlet told;\ntry {\n  (() => {\n    ${code}\n  })();\n} catch (e) { told = e.name + ': ' + e.message }\ntold`,
    );
    expect(value).toBe(told);
  });

  test('the stack begins with them, and a promise is rejected with them', async () => {
    const { value } = await runJs(
      `const o = {}; const e = await (async () => o.go())().catch((e) => e); [e.stack.split('\\n')[0], e instanceof TypeError]`,
    );
    expect(value).toEqual(['TypeError: o.go is not a function', true]);
  });

  test('an error of the program itself keeps its text, whatever it is', async () => {
    const { value } = await runJs(
      `const texts = []; for (const text of ['not a function', "cannot read property 'a' of undefined", 'value is not iterable']) { try { null.x } catch {} try { throw new TypeError(text) } catch (e) { texts.push(e.message) } } texts`,
    );
    expect(value).toEqual([
      'not a function',
      "cannot read property 'a' of undefined",
      'value is not iterable',
    ]);
  });

  test('errors in a loop are paid for', async () => {
    const fuelOf = async (code: string) =>
      (await runJs(`const o = {}; for (let i = 0; i < 200; i++) try { ${code} } catch {}`)).result.fuel ?? 0;
    expect(await fuelOf('o.go()')).toBeGreaterThan((await fuelOf('throw o')) + 200 * 100);
  });
});
