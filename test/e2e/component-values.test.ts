import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRuntime, type ModuleRun, type Runtime } from '../../runtime/index.ts';
import { echoGuest } from '../guests/component/build.ts';

// Each value goes through a component that answers what it is given: lowered and lifted by the Canonical ABI, in and out.

let runtime: Runtime;
let module: Uint8Array;
beforeAll(async () => {
  module = await echoGuest();
  runtime = createRuntime({ limits: { timeoutMs: 300_000 } }); // the machine may be slow
});
afterAll(async () => runtime.close());

const PAD = Array.from({ length: 17 }, () => 0n);
const echo = async (
  invoke: string,
  value: unknown,
): Promise<{ readonly got: unknown; readonly code: string }> => {
  const outcome = await runtime.run({
    module,
    invoke,
    args: [[value, PAD]] as NonNullable<ModuleRun['args']>,
  });
  if (!outcome.ok) return { got: outcome.error.message, code: outcome.error.code };
  const [got, pad] = outcome.value as [unknown, unknown];
  expect(pad).toEqual(PAD);
  return { got, code: '' };
};

const inner = { name: 'ö', sizes: [0, 65_535], extra: { tag: 'some', val: true } };
const outer = {
  id: 18_446_744_073_709_551_615n,
  inner: { ...inner, extra: null },
  pairs: [
    ['😀', -128],
    ['\u0000', 127],
  ],
};

/** Function, value, and what comes back where that is another form of it. */
const CASES: readonly (readonly [invoke: string, value: unknown, back?: unknown])[] = [
  ['of-bool', true],
  ['of-bool', false],
  ['of-u8', 0],
  ['of-u8', 255],
  ['of-s8', -128],
  ['of-s8', 127],
  ['of-u16', 65_535],
  ['of-s16', -32_768],
  ['of-s16', 32_767],
  ['of-u32', 4_294_967_295],
  ['of-u32', '4294967295', 4_294_967_295],
  ['of-s32', -2_147_483_648],
  ['of-s32', 2_147_483_647],
  ['of-u64', 18_446_744_073_709_551_615n],
  ['of-u64', '18446744073709551615', 18_446_744_073_709_551_615n],
  ['of-u64', 0, 0n],
  ['of-s64', -9_223_372_036_854_775_808n],
  ['of-s64', 9_223_372_036_854_775_807n],
  ['of-s64', '-1', -1n],
  ['of-f32', 0.1, Math.fround(0.1)],
  ['of-f32', 3.4028234663852886e38],
  ['of-f32', Number.NaN],
  ['of-f64', 0.1],
  ['of-f64', -0],
  ['of-f64', 5e-324],
  ['of-f64', Number.NaN],
  ['of-f64', 'NaN', Number.NaN],
  ['of-f64', Number.POSITIVE_INFINITY],
  ['of-f64', '-Infinity', Number.NEGATIVE_INFINITY],
  ['of-char', 'a'],
  ['of-char', '\u0000'],
  ['of-char', '\uFFFF'],
  ['of-char', '😀'],
  ['of-char', '\u{10FFFF}'],
  ['of-string', ''],
  ['of-string', 'a\u0000b'],
  ['of-string', '\uFEFFwith a mark'],
  ['of-string', 'Grüße 日本語 😀'],
  ['of-string', 'e\u0301 is not \u00e9'],
  ['of-string', 'half \uD83D of a pair', 'half \uFFFD of a pair'],
  ['of-string', '\uDE00\uD83D', '\uFFFD\uFFFD'],
  ['of-string', 'x'.repeat(100_000)],
  ['of-bytes', Uint8Array.of()],
  ['of-bytes', Uint8Array.of(0, 128, 255)],
  ['of-bytes', { $bytes: 'AID/' }, Uint8Array.of(0, 128, 255)],
  ['of-bytes', [1, 2, 3], Uint8Array.of(1, 2, 3)],
  ['of-longs', [0n, 18_446_744_073_709_551_615n]],
  ['of-longs', [1, '2', 3n], [1n, 2n, 3n]],
  ['of-longs', []],
  ['of-texts', [[], [''], ['a', '😀']]],
  // Goes to its cell in pieces.
  ['of-texts', Array.from({ length: 3_000 }, (_, at) => [String(at), 'x'.repeat(at % 3)])],
  ['of-option', null],
  ['of-option', 7, 7n],
  ['of-option', 18_446_744_073_709_551_615n],
  ['of-options', null],
  ['of-options', { tag: 'some', val: null }],
  ['of-options', { tag: 'some', val: { tag: 'some', val: null } }],
  ['of-options', { tag: 'some', val: { tag: 'some', val: 'deep' } }],
  ['of-result', [{ tag: 'ok', val: null }, true]],
  ['of-result', [{ tag: 'ok', val: 255 }, false]],
  ['of-result', [{ tag: 'err', val: { tag: 'ok', val: 'inside' } }, true]],
  ['of-result', [{ tag: 'err', val: { tag: 'err', val: -9_223_372_036_854_775_808n } }, false]],
  ['of-empty-result', [{ tag: 'ok' }, { tag: 'err', val: 'no' }]],
  ['of-empty-result', [{ tag: 'err' }, { tag: 'ok' }]],
  ['of-outer', outer],
  ['of-outer', { ...outer, inner, pairs: [] }],
  ['of-shape', { tag: 'nothing' }],
  ['of-shape', { tag: 'text', val: '' }],
  ['of-shape', { tag: 'inner', val: inner }],
  ['of-shape', { tag: 'pair', val: [1n, 0.5] }],
  ['of-shape', { tag: 'many', val: [null, 0, 255] }],
  ['of-shape', { tag: 'bytes', val: Uint8Array.of(7) }],
  ['of-shapes', [{ tag: 'nothing' }, { tag: 'text', val: 'b' }, { tag: 'pair', val: [2n, -1] }]],
  ['of-shapes', []],
  ['of-colour', 'red'],
  ['of-colour', 'deep-sky-blue'],
  ['of-rights', []],
  ['of-rights', ['read', 'delete']],
  ['of-rights', ['read', 'write-all', 'run-it', 'delete']],
];

/** A form in which NaN, -0, bigints and bytes are told apart. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, held]) => held !== undefined && held !== null)
      .map(([key, held]) => [key, plain(held)]),
  );
};

test('comes back as it was, of every type', async () => {
  expect(CASES.length).toBeGreaterThanOrEqual(60);
  const wrong: unknown[] = [];
  for (const [invoke, value, back = value] of CASES) {
    const echoed = await echo(invoke, value);
    const got = echoed.code === '' ? plain(echoed.got) : echoed;
    try {
      expect(got).toEqual(plain(back));
      if (Object.is(back, -0)) expect(Object.is(got, -0)).toBe(true);
    } catch {
      wrong.push({ invoke, value, got });
    }
  }
  expect(wrong).toEqual([]);
});

test('is refused where it does not fit, by the name of the field', async () => {
  const cases: readonly (readonly [string, unknown, RegExp])[] = [
    ['of-u8', 256, /u8/],
    ['of-u8', -1, /u8/],
    ['of-u64', -1n, /u64/],
    ['of-u64', 18_446_744_073_709_551_616n, /u64/],
    ['of-s64', 9_223_372_036_854_775_808n, /s64/],
    ['of-char', 'ab', /char/],
    ['of-char', '\uD83D', /char/],
    ['of-bytes', 'aGVsbG8=', /bytes|list/],
    ['of-bytes', [256], /\[0\]|u8/],
    ['of-outer', { ...outer, id: undefined }, /\.id/],
    ['of-outer', { ...outer, inner: { ...inner, sizes: [1, 70_000] } }, /inner\.sizes\[1\]/],
    ['of-outer', { ...outer, inner: { ...inner, nmae: 'x' } }, /nmae/],
    ['of-shape', { tag: 'square' }, /square/],
    ['of-shape', { tag: 'text', val: 7 }, /\.val must be string/],
    ['of-colour', 'darkgreen', /darkgreen/],
    ['of-rights', ['fly'], /fly/],
    ['of-bool', 1, /bool/],
  ];
  for (const [invoke, value, message] of cases) {
    expect(await echo(invoke, value), `${invoke} ${String(value)}`).toEqual({
      code: 'INPUT_INVALID',
      got: expect.stringMatching(message),
    });
  }
});
