import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';

describe('the value of a run', () => {
  test.each<[string, unknown]>([
    ['6 * 7', 42],
    ['"text \\0 \\ud83d\\ude00"', 'text \0 😀'],
    ['undefined', undefined],
    ['null', null],
    ['() => 1', '[Function (anonymous)]'],
    ['Symbol("x")', 'Symbol(x)'],
    ['-(2n ** 64n)', -(2n ** 64n)],
    ['NaN', Number.NaN],
    ['[NaN, Infinity, -0]', [Number.NaN, Number.POSITIVE_INFINITY, 0]],
    ['({ a: -Infinity, b: [{ c: NaN }] })', { a: Number.NEGATIVE_INFINITY, b: [{ c: Number.NaN }] }],
    ['({ a: undefined, f() {}, s: Symbol(), n: null })', { n: null }],
    ['[undefined, () => 1, Symbol()]', [null, null, null]],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['new Date(NaN)', null],
    ['({ toJSON(key) { return { key, ok: true } } })', { key: '', ok: true }],
    ['({ x: { toJSON: (key) => key } })', { x: 'x' }],
    ['new Map([["a", 1], ["b", new Map()]])', { a: 1, b: {} }],
    [
      'new Map([[1, "x"], ["b", 2]])',
      [
        [1, 'x'],
        ['b', 2],
      ],
    ],
    ['new Set([3, [4]])', [3, [4]]],
    ['/a+/g', '/a+/g'],
    ['Object.assign(new RangeError("no"), { code: "E" })', { name: 'RangeError', message: 'no', code: 'E' }],
    ['[new Boolean(true), new Number(2), new String("s")]', [true, 2, 's']],
    ['new Float32Array([0.5, 2])', [0.5, 2]],
    ['new BigInt64Array([5n])', [5n]],
    ['class A { x = 1; get y() { return 2 } } new A()', { x: 1 }],
    ['({ "__proto__x": 1, ["__proto__"]: 2 })', JSON.parse('{"__proto__x":1,"__proto__":2}')],
    ['[1,,3]', [1, null, 3]],
    ['const shared = { a: 1 }; [shared, shared]', [{ a: 1 }, { a: 1 }]],
  ])('%s', async (code, expected) => {
    expect((await runJs(code)).value).toEqual(expected);
  });

  test.each(['', 'é', '\xff', '€', '😀'])(
    'a name of a call crosses alone, with %j at each place',
    async (letter) => {
      const names = Array.from({ length: 24 }, (_, at) => 'x'.repeat(at) + letter + 'y'.repeat(23 - at));
      const code = `const told = []; for (const name of ${JSON.stringify(names)}) {
      try { await sandglass.call(name, {}); } catch (error) { told.push(error.message); }
    } told`;
      const { value, host } = await runJs(code);
      expect(host.calls.map(({ operation }) => operation)).toEqual(names);
      expect(value).toEqual(names.map((name) => `Cannot call ${name}: no grant covers it`));
    },
  );

  test('texts of each length, with a letter of each size at each place, enter and leave as they are', async () => {
    const texts = ['\x7f', '\x80', 'é', '\xff', 'Ā', '€', '😀'].flatMap((letter) =>
      Array.from({ length: 20 }, (_, length) =>
        Array.from({ length: length + 1 }, (_, at) => 'x'.repeat(at) + letter + 'y'.repeat(length - at)),
      ).flat(),
    );
    const code = `({ texts, sizes: texts.map((text) => text.length), codes: texts.map((text) => [...text].map((one) => one.codePointAt(0)).join()) })`;
    const { value } = await runJs(code, { spec: { inputs: { texts } } });
    expect(value).toEqual({
      texts,
      sizes: texts.map((text) => text.length),
      codes: texts.map((text) => [...text].map((one) => one.codePointAt(0)).join()),
    });
  });

  test.each([
    ['ASCII', 'x'.repeat(5000)],
    ['letters of every size', 'é€😀"\\\n'.repeat(2000)],
    ['what begins as another form', `c12,{"json":1}${'j'.repeat(5000)}`],
    ['a NUL', `${'x'.repeat(5000)}\0${'y'.repeat(10)}`],
    ['half a character', `${'x'.repeat(5000)}\ud800`],
    ['half a character, then a whole one', `\udc00${'😀'.repeat(3000)}`],
  ])('a long text leaves and enters as it is, at any place: %s', async (_, text) => {
    const inputs = { text, ['__proto__']: text, list: [text], 'of, "two" parts': { text } };
    const given = Object.defineProperty({ ...inputs }, '__proto__', { value: text, enumerable: true });
    const code = `({ text, own: globalThis.list, two: globalThis['of, "two" parts'], same: text === list[0], bytes: new Uint8Array([1]), big: 7n, twice: [text, { text }] })`;
    const { value } = await runJs(code, { spec: { inputs: given } });
    expect(value).toEqual({
      text,
      own: [text],
      two: { text },
      same: true,
      bytes: Uint8Array.of(1),
      big: 7n,
      twice: [text, { text }],
    });
    expect((await runJs('text', { spec: { inputs: { text } } })).value).toBe(text);
  });

  test('more long texts than a call passes at once enter all', async () => {
    const inputs = Object.fromEntries(
      Array.from({ length: 70 }, (_, at) => [`t${at}`, String(at).repeat(5000)]),
    );
    const code = `Object.keys(globalThis).filter((key) => /^t\\d+$/.test(key)).map((key) => [key, globalThis[key].length])`;
    const { value } = await runJs(code, { spec: { inputs } });
    expect(value).toEqual(Object.entries(inputs).map(([key, text]) => [key, text.length]));
  });

  test.each([
    ['ASCII', 'x'],
    ['letters of two bytes', 'é'],
  ])(
    'a long input, or an answer of the host, that finds no room ends the run; it is never another value: %s',
    async (_, letter) => {
      const memoryBytes = 8 * 1024 ** 2;
      const ends = new Set<string>();
      for (const length of [1_000, 600_000, 1_600_000, 2_600_000, 4_200_000]) {
        const text = letter.repeat(length);
        const limits = { memoryBytes, timeoutMs: 120_000, fuel: 10_000_000_000 };
        const given = await runJs('typeof text + text.length', { limits, spec: { inputs: { text } } });
        const answered = await runJs(
          `const text = (await sandglass.call('big.text', {})) ?? null; typeof text + text?.length`,
          { limits, host: { operations: { 'big.text': () => ({ value: text }) } } },
        );
        for (const { result } of [given, answered]) {
          const end =
            'value' in result ? String(result.value) : 'limit' in result ? result.limit : result.kind;
          expect(['memory', `string${length}`]).toContain(end);
          ends.add(end === 'memory' ? end : 'value');
        }
      }
      expect(ends).toEqual(new Set(['value', 'memory']));
    },
  );

  test('bytes and bigints keep their kind at any depth', async () => {
    const { value } = await runJs(
      '({ a: [1n, { b: new Uint8Array([1, 2]) }], "c\\"d": new Uint8Array([3]).buffer, e: new Uint8Array([9, 8, 7]).subarray(1), f: new Uint8Array() })',
    );
    expect(value).toEqual({
      a: [1n, { b: new Uint8Array([1, 2]) }],
      'c"d': new Uint8Array([3]),
      e: new Uint8Array([8, 7]),
      f: new Uint8Array(),
    });
  });

  test('a promise is waited for, in a script too', async () => {
    expect((await runJs('Promise.resolve({ a: 1 })')).value).toEqual({ a: 1 });
    expect((await runJs('(async () => { await null; return "late" })()')).value).toBe('late');
    expect((await runJs('const x = await Promise.resolve(5); x + 1')).value).toBe(6);
    expect((await runJs('export default await Promise.resolve(7)')).value).toBe(7);
    expect((await runJs('export default Promise.resolve(8)')).value).toBe(8);
    expect((await runJs('export const x = 1')).value).toBeUndefined();
  });

  test('a cycle has no JSON form: it is told as text', async () => {
    const { result } = await runJs('const o = { list: [1, {}] }; o.list[1]["a key"] = o; o');
    expect(result).toMatchObject({
      kind: 'value',
      form: 'text',
      value: "<ref *1> { list: [ 1, { 'a key': [Circular *1] } ] }",
    });
  });

  test('nesting over 128 has no JSON form; 128 has', async () => {
    const nested = (levels: number): string => `let v = 0; for (let i = 0; i < ${levels}; i++) v = [v]; v`;
    expect((await runJs(nested(128))).result.kind).toBe('value');
    expect((await runJs(nested(129))).result).toMatchObject({ kind: 'value', form: 'text' });
  });

  test('a value over the output limit is the limit, before it is copied', async () => {
    for (const code of [
      '"x".repeat(5000)',
      'new Uint8Array(5000)',
      'Array.from({ length: 5000 }, (_, i) => i)',
      '({ ["x".repeat(5000)]: 1 })',
      'Array(5000).fill(1n)',
    ]) {
      expect((await runJs(code, { limits: { outputBytes: 2000 } })).result).toMatchObject({
        kind: 'limit',
        limit: 'output',
      });
    }
  });

  test.each<[string, string, unknown]>([
    ['numbers', '[...Array(40).keys()].map((at) => at / 4)', [...Array(40).keys()].map((at) => at / 4)],
    ['a zero below zero', 'Array(40).fill(-0)', Array(40).fill(0)],
    ['a hole', 'const list = Array(40).fill(1); delete list[7]; list', Array(40).fill(1).with(7, null)],
    ['what is not finite', 'Array(40).fill(1).with(39, NaN)', Array(40).fill(1).with(39, Number.NaN)],
    ['numbers as objects', 'Array(40).fill(1).with(3, new Number(5))', Array(40).fill(1).with(3, 5)],
    ['text among them', "Array(40).fill(1).with(3, '2')", Array(40).fill(1).with(3, '2')],
    [
      'an item that is read once',
      'let reads = 0; const list = Array(40).fill(1); Object.defineProperty(list, 5, { get: () => ++reads }); list',
      Array(40).fill(1),
    ],
    [
      'an item that says its own form',
      'Array(40).fill(1).with(3, { toJSON: (key) => key })',
      Array(40).fill(1).with(3, '3'),
    ],
    [
      'built-in methods of the program',
      "for (const name of ['toSpliced', 'every', 'join']) Array.prototype[name] = () => '1],[2'; Number.isFinite = () => true; Array(40).fill(1).with(3, NaN)",
      Array(40).fill(1).with(3, Number.NaN),
    ],
  ])('a long list leaves as a short one does: %s', async (_, code, expected) => {
    expect((await runJs(code)).value).toEqual(expected);
  });

  test('a list of a thousand million holes is over the limit before anything is made of it', async () => {
    const { result } = await runJs('Object.assign([], { length: 1e9 })', {
      limits: { memoryBytes: 33_554_432 },
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'output' });
  });

  test("what a getter or toJSON throws is the run's error", async () => {
    expect((await runJs('({ get a() { throw new TypeError("got") } })')).result).toMatchObject({
      kind: 'threw',
      error: { name: 'TypeError', message: 'got' },
    });
    expect((await runJs('({ toJSON() { throw 5 } })')).result).toMatchObject({ kind: 'threw' });
  });

  test('inputs, args and env are globals, copies of what the host gave', async () => {
    const inputs = { title: 'T', nested: { a: [1] } };
    const { value } = await runJs(
      'nested.a.push(2); title += "!"; let frozen; try { "use strict"; env.A = "x"; } catch {} [title, nested, args, env.A, Object.isFrozen(env)]',
      {
        spec: { inputs, argv: ['--x', 'y'], env: { A: 'b' } },
      },
    );
    expect(value).toEqual(['T!', { a: [1, 2] }, ['--x', 'y'], 'b', true]);
    expect(inputs).toEqual({ title: 'T', nested: { a: [1] } });
  });
});
