import { describe, expect, test } from 'vitest';
import { type GuestRunOptions, runJs } from '../../support/quickjs-for-tests.ts';

const MIB = 1024 * 1024;

/** A file of as many letters as its name says. */
const operations: NonNullable<GuestRunOptions['host']>['operations'] = {
  'fs.readFile': ({ path }) => ({
    value: null,
    bytes: new Uint8Array(Number(String(path).slice(1))).fill(0x61),
  }),
};

const fuelOf = async (code: string, options: GuestRunOptions = {}): Promise<number> => {
  const limits = { outputBytes: 64 * MIB, hostCalls: 1_000_000, hostCallBytes: 64 * MIB, ...options.limits };
  const { result } = await runJs(code, { ...options, limits, host: { operations, ...options.host } });
  expect(result.kind).toBe('value');
  return result.fuel ?? Number.NaN;
};

describe('twice the size costs at most 2.2 times, and each part no more than', () => {
  const cases: readonly (readonly [
    what: string,
    size: number,
    most: number,
    code: (size: number) => string,
    options?: (size: number) => GuestRunOptions,
  ])[] = [
    ['a list of numbers as value', 8000, 8000, (n) => `Array.from({ length: ${n} }, (_, at) => at)`],
    ['a list of texts as value', 8000, 10_000, (n) => `Array.from({ length: ${n} }, (_, at) => 'x' + at)`],
    [
      'a list of records as value',
      4000,
      50_000,
      (n) => `Array.from({ length: ${n} }, (_, a) => ({ a, b: 'x' }))`,
    ],
    [
      'a record as value',
      4000,
      20_000,
      (n) => `Object.fromEntries(Array.from({ length: ${n} }, (_, at) => ['k' + at, at]))`,
    ],
    ['a text as value', 500_000, 50, (n) => `'x'.repeat(${n})`],
    ['bytes as value', 500_000, 50, (n) => `new Uint8Array(${n})`],
    [
      'inputs of many parts',
      4000,
      6000,
      () => 'items.length',
      (n) => ({ spec: { inputs: { items: Array.from({ length: n }, (_, a) => ({ a })) } } }),
    ],
    [
      'an input of one text',
      500_000,
      20,
      () => 'text.length',
      (n) => ({ spec: { inputs: { text: 'x'.repeat(n) } } }),
    ],
    ['output in one piece', 524_288, 200, (n) => `console.log('x'.repeat(${n}))`],
    ['output in lines', 2000, 100_000, (n) => `for (let at = 0; at < ${n}; at++) console.log('line', at)`],
    [
      'host calls one after the other',
      1000,
      250_000,
      (n) => `for (let at = 0; at < ${n}; at++) await fs.readFile('/1')`,
    ],
    [
      'host calls at once',
      1000,
      350_000,
      (n) => `await Promise.all(Array.from({ length: ${n} }, () => fs.readFile('/1')))`,
    ],
    ['a file read as bytes', 8 * MIB, 1, (n) => `(await fs.readFile('/${n}')).length`],
    ['a file read as text', 2 * MIB, 20, (n) => `(await fs.readFile('/${n}', 'utf8')).length`],
  ];
  for (const [what, size, most, code, options] of cases) {
    test(`${what}: ${size} parts, ${most} units`, async () => {
      const once = await fuelOf(code(size), options?.(size));
      const twice = await fuelOf(code(2 * size), options?.(2 * size));
      expect(twice / once).toBeLessThanOrEqual(2.2);
      expect(once / size).toBeLessThanOrEqual(most);
    });
  }
});

describe('a value written in one go is the value', () => {
  test.each([
    [
      'numbers',
      '[1, -0, 1.5, NaN, Infinity, 1e300]',
      [1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300],
    ],
    ['what has no form, and holes', '[undefined, () => 1, Symbol(), , null]', [null, null, null, null, null]],
    ['texts', `['"', '\\\\', '\\u0000', '\\ud800', 'é']`, ['"', '\\', '\u0000', '\ud800', 'é']],
    [
      'leaves around containers',
      '[1, [2, [3]], 4, { a: 5, b: [6], c: 7 }, 8]',
      [1, [2, [3]], 4, { a: 5, b: [6], c: 7 }, 8],
    ],
    ['big integers among leaves', '[1, 2n ** 64n, "x"]', [1, 2n ** 64n, 'x']],
    ['fields without a form', '({ a: 1, b: undefined, c: () => 1, d: null })', { a: 1, d: null }],
    [
      'a field named __proto__',
      `JSON.parse('{"__proto__": 1, "a": 2}')`,
      JSON.parse('{"__proto__": 1, "a": 2}'),
    ],
    ['names in the order of the language', '({ b: 1, 2: 2, 1: 3 })', { 1: 3, 2: 2, b: 1 }],
    [
      'toJSON of everything',
      'Array.prototype.toJSON = String.prototype.toJSON = Number.prototype.toJSON = () => 0; ({ a: ["x", 1] })',
      { a: 0 },
    ],
    [
      'a toJSON that comes with an item',
      '[1, { toJSON: () => "own" }, { toJSON: 1 }]',
      [1, 'own', { toJSON: 1 }],
    ],
    [
      'getters, each asked once',
      `let asked = 0; const o = { get a() { return ++asked }, b: [0], get c() { return ++asked } }; [o, { get d() { return ++asked } }]`,
      [{ a: 1, b: [0], c: 2 }, { d: 3 }],
    ],
    [
      'records of a list: a toJSON, a nested one, one without a prototype',
      'let asked = 0; [{ a: 1 }, { a: { get b() { return ++asked } } }, { toJSON() { return "own" }, a: 1 }, Object.assign(Object.create(null), { c: [2] }), { get d() { return ++asked }, e: [] }, new Date(NaN), new (class A { f = 3 })()]',
      [{ a: 1 }, { a: { b: 1 } }, 'own', { c: [2] }, { d: 2, e: [] }, null, { f: 3 }],
    ],
    [
      'a list that gets shorter while it is read',
      `const list = [1, { toJSON() { list.length = 2; return 2 } }, 3]; list`,
      [1, 2, null],
    ],
  ])('%s', async (_, code, value) => {
    expect((await runJs(code)).value).toEqual(value);
  });

  test('more than a thousand leaves', async () => {
    const { value } = await runJs('Array.from({ length: 5000 }, (_, at) => (at % 7 === 0 ? [at] : at))');
    expect(value).toEqual(Array.from({ length: 5000 }, (_, at) => (at % 7 === 0 ? [at] : at)));
  });

  test.each([
    ['a list', `Array(2000).fill('x'.repeat(1e6))`],
    [
      'a record',
      `const text = 'x'.repeat(1e6); Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [at, text]))`,
    ],
  ])('%s of one text again and again is too much output, not too much memory', async (_, code) => {
    expect((await runJs(code)).result).toMatchObject({ kind: 'limit', limit: 'output' });
  });

  test.each(['', '"', '"quoted"', 'a\u0000b', 'plain', '\ufeffmark', 'é😀'])(
    'a file with the text %j',
    async (text) => {
      const files = { 'fs.readFile': () => ({ value: null, bytes: new TextEncoder().encode(text) }) };
      const { value } = await runJs(
        `const bytes = await fs.readFile('/f'); [await fs.readFile('/f', 'utf8'), new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), new TextDecoder('shift_jis').decode(new TextEncoder().encode('"a')), new TextDecoder('shift_jis').decode(new Uint8Array())]`,
        { host: { operations: files } },
      );
      expect(value).toEqual([text, text, '"a', '']);
    },
  );
});
