import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  toJson as cellOf,
  slicesOf as cellSlices,
  weightOf,
} from '../../host-functions/sql/postgres/pg-values.ts';
import { createValueTaker, eachPart, PART_STEPS, toParts } from '../../runtime/cell/value-parts.ts';
import { createEventStream } from '../../runtime/doors/http/event-stream.ts';
import { jsonResponse } from '../../runtime/doors/http/json-response.ts';
import { createRuntime } from '../../runtime/index.ts';
import { readAnswer } from '../../runtime/platform/sqlite/read-answer.ts';
import { copyArgsSlices } from '../../runtime/run/copy-args.ts';
import { copyJson } from '../../runtime/vocabulary/copy-json.ts';
import { copySlices, copyValue } from '../../runtime/vocabulary/copy-value.ts';
import type { GuestValue } from '../../runtime/vocabulary/guest-value.ts';
import { atOnce, inSlices, SLICE, type Slices } from '../../runtime/vocabulary/in-slices.ts';
import { jsonFormSlices, toJsonForm } from '../../runtime/vocabulary/json-form.ts';
import { parseJson } from '../../runtime/vocabulary/json-read.ts';
import { jsonText } from '../../runtime/vocabulary/json-text.ts';
import { recordsOf } from '../../runtime/vocabulary/records.ts';
import { MOST_FIELDS } from '../../runtime/vocabulary/size-of-json.ts';
import { weighOutcome } from '../../runtime/work/weigh-outcome.ts';
import { turnsDuring } from '../support/turns-during.ts';

/** What would hold a thread if it were done in one go. */
const LARGE: readonly (readonly [name: string, value: GuestValue])[] = [
  ['a flat list', Array.from({ length: 5 * SLICE }, (_, index) => index)],
  ['many empty lists', Array.from({ length: 5 * SLICE }, () => [])],
  [
    'one object of many names',
    Object.fromEntries(Array.from({ length: 5 * SLICE }, (_, index) => [`k${index}`, ''])),
  ],
  [
    'lists of lists',
    Array.from({ length: 100 }, () => Array.from({ length: SLICE / 20 }, () => ({ a: null }))),
  ],
];

const slicesOf = (slices: Slices<unknown>): number => {
  let count = 1;
  for (; slices.next().done !== true; ) count += 1;
  return count;
};

describe.each(LARGE)('%s', (_, value) => {
  const form = toJsonForm(value) ?? null;
  const outcome = { ok: true, value: form, stdout: '', stderr: '', meta: {} } as never;

  test('is copied, formed, weighed and written in slices', () => {
    expect(slicesOf(copySlices(value, 1e9))).toBeGreaterThan(4);
    expect(slicesOf(jsonFormSlices(value))).toBeGreaterThan(4);
    expect(slicesOf(weighOutcome(outcome))).toBeGreaterThan(4);
    expect(slicesOf(jsonText(form, () => undefined))).toBeGreaterThan(4);
    expect(copyValue(value, 1e9).value).toEqual(value);
  });

  test('goes out as the JSON it is, with turns for others between', async () => {
    const response = jsonResponse({ value: form });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    const text = await response.text();
    clearInterval(timer);
    expect(text).toBe(JSON.stringify({ value: form }));
    expect(turns).toBeGreaterThan(2);
    const events = createEventStream(() => undefined);
    const sent = events.sendLarge('outcome', { value: form }).then(events.end);
    expect(await events.response.text()).toBe(`event: outcome\ndata: ${text}\n\n`);
    await sent;
  });
});

test('inSlices() lets timers run between two slices', async () => {
  const order: string[] = [];
  setTimeout(() => order.push('timer'), 0);
  await inSlices(
    copySlices(
      Array.from({ length: 3 * SLICE }, () => 0),
      1e9,
    ),
  );
  order.push('copied');
  expect(order).toEqual(['timer', 'copied']);
});

test('a value that goes on for ever is ended at its bound', () => {
  const list: unknown[] = [];
  for (let index = 0; index < 1_000; index += 1) list.push(list);
  expect(() => atOnce(copySlices(list, 10_000_000))).toThrow();
  const shared = Array.from({ length: 1_000 }, () => 0);
  const twice = Array.from({ length: 1_000 }, () => Array.from({ length: 1_000 }, () => shared));
  expect(() => atOnce(copySlices(twice, 100_000))).toThrow(RangeError);
});

test('jsonText() is JSON.stringify, whatever the texts and wherever they are cut', () => {
  const long = '\u0001\ud83d\ude00\ud800"\\\u2028é'.repeat(30_000);
  for (const value of [
    null,
    'a',
    long,
    `x${long}`,
    { a: undefined, b: [undefined, Number.NaN, true, {}], __proto__: 1, 'ü"': long },
    [long, [long.slice(0, 65_537)], ''],
    JSON.parse('{"__proto__": [1, {"__proto__": 2}]}'),
  ]) {
    let text = '';
    for (const _ of jsonText(value, (piece) => (text += piece)));
    expect(text === JSON.stringify(value)).toBe(true);
  }
});

test('copyValue() keeps names as they are', () => {
  const value = JSON.parse('{"__proto__": 1, "a": {"__proto__": {"b": 2}}}');
  expect(JSON.stringify(copyValue(value, 1e6).value)).toBe(JSON.stringify(value));
  expect(JSON.stringify(toJsonForm(value))).toBe(JSON.stringify(value));
});

describe('parseJson()', () => {
  /** Long enough to be read in slices. */
  const long = (text: string): string => ' '.repeat(131_073) + text;

  test.each(LARGE)('reads %s with turns for others between', async (_, value) => {
    const text = JSON.stringify(value);
    const { value: read, turns } = await turnsDuring(() => parseJson(long(text)));
    expect(isDeepStrictEqual(read, JSON.parse(text))).toBe(true);
    expect(turns).toBeGreaterThan(3);
  });

  test('reads what JSON.parse reads', async () => {
    const texts = [
      'null',
      ' true ',
      'false',
      '0',
      '-0',
      '12',
      '-1.5e+3',
      '1E400',
      '123456789012345678901234567890',
      '""',
      '"\\u00e9\\n\\"\\\\ \\ud800 \u{1f600}"',
      '[]',
      '{}',
      ' [ 1 , [ ] , { } , "a" ] ',
      '{"a":{"b":[{"c":null}]},"a":2,"":3,"__proto__":{"x":1},"1":0}',
      `"${'x'.repeat(300_000)}"`,
    ];
    for (const text of texts) {
      const read = await parseJson(long(text));
      expect(read).toEqual(JSON.parse(text));
      expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)));
    }
    expect(Object.is(await parseJson(long('-0')), -0)).toBe(true);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('refuses what JSON.parse refuses, and what nests too deeply', async () => {
    const texts = [
      '',
      '[',
      '{',
      '[1',
      '[1,',
      '[1,]',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '{"a":1,}',
      '{1:2}',
      '{,}',
    ];
    texts.push(
      'nul',
      'nulll',
      'truefalse',
      '01',
      '1.',
      '.5',
      '+1',
      '1e',
      '-',
      '--1',
      '1 2',
      ']',
      '}',
      '[}',
      '{]',
    );
    texts.push(
      '"',
      '"\\',
      '"\\"',
      '"\\x"',
      '"\\u12"',
      '"\n"',
      "'a'",
      '[1 2]',
      '{"a" 1}',
      '{"a":1 "b":2}',
      'NaN',
      '\u00a01',
    );
    for (const text of texts) {
      expect(() => JSON.parse(text), text).toThrow(SyntaxError);
      await expect(parseJson(long(text)), text).rejects.toThrow(SyntaxError);
    }
    await expect(parseJson(long('['.repeat(4_000_000)))).rejects.toThrow('nested deeper than 1000');
  });
});

test.each([
  ['plain', 'x'.repeat(3_000_000)],
  ['escapes of letters', '\u0001\ud800é"\\\n'.repeat(400_000)],
  ['backslashes', '\\'.repeat(1_500_000)],
  ['pairs', '😀'.repeat(900_000)],
])('parseJson() reads one long text of %s with turns for others between', async (_, text) => {
  for (const value of [text, { [text]: [text] }]) {
    const { value: read, turns } = await turnsDuring(() => parseJson(JSON.stringify(value)));
    expect(isDeepStrictEqual(read, value)).toBe(true);
    expect(turns).toBeGreaterThan(3);
  }
});

test.each(['"', '"\\', '"\\u12', '"x\\"'])('a long text that ends with %j is cut off', async (end) => {
  const text = `["${'y'.repeat(600_000)}${end.slice(1)}`;
  await expect(parseJson(text)).rejects.toThrow('it is cut off');
});

describe('a value in parts', () => {
  const round = (value: unknown): unknown => {
    const parts = toParts(value, Number.MAX_SAFE_INTEGER);
    if (parts === undefined) return 'whole';
    const taker = createValueTaker();
    for (const part of parts) expect(taker.take(structuredClone(part))).toBe(true);
    return taker.value();
  };

  test.each(LARGE)('%s is put together again', (_, value) => {
    expect(isDeepStrictEqual(round(value), value)).toBe(true);
  });

  test('each part is made when it is asked for, and none is larger than who takes it allows', () => {
    let looked = 0;
    const items = Array.from({ length: 10 }, () =>
      Array.from({ length: 1_000 }, (_, at) => ({
        get a() {
          looked += 1;
          return [at];
        },
      })),
    );
    const parts = eachPart(items, Number.POSITIVE_INFINITY);
    const first = parts.next();
    expect(looked).toBeLessThan(PART_STEPS);
    for (let next = first; next.done !== true; next = parts.next())
      expect(next.value.kinds.length).toBeLessThanOrEqual(PART_STEPS);
    expect(looked).toBe(10_000);
  });

  test('holds what a guest can answer', () => {
    const value = Array.from({ length: 3_000 }, () => [
      1n,
      undefined,
      Number.NaN,
      -0,
      null,
      true,
      'a',
      Uint8Array.of(1),
    ]);
    expect(round({ value, ['__proto__']: [] })).toEqual({ value, ['__proto__']: [] });
    const named = JSON.parse(`{"a":${JSON.stringify(Array(9_000).fill(1))},"__proto__":[]}`) as object;
    expect(round(named)).toEqual(named);
    expect(Object.getPrototypeOf(round(named))).toBe(Object.prototype);
  });

  test('is one message where it is small, and where it is no data', () => {
    expect(round([1, 2])).toBe('whole');
    expect(round(Array.from({ length: 9_000 }, () => new Date(0)))).toBe('whole');
    expect(round('a'.repeat(1e6))).toBe('whole');
  });

  test('of a cell that lies is refused', () => {
    const kinds = (...of: number[]) => Uint8Array.from(of);
    const bad: [Uint8Array, unknown[]][] = [
      [kinds(4), []], // ends what has not begun
      [kinds(3), ['a']], // a name outside of an object
      [kinds(1, 3), ['a']], // a name in a list
      [kinds(2, 0), [1]], // a field without a name
      [kinds(2, 3, 3), ['a', 'b']],
      [kinds(2, 3, 4), ['a']],
      [kinds(2, 3), [1]],
      [kinds(0), [{ length: 1e9 }]],
      [kinds(0), [[1]]],
      [kinds(0, 0), [1, 2]], // two values
      [kinds(9), []],
      [kinds(1), [1, 2]],
      [new Uint8Array(PART_STEPS + 1), []],
    ];
    for (const [given, leaves] of bad) expect(createValueTaker().take({ kinds: given, leaves })).toBe(false);
  });
});

describe.each(['minimal', 'standard', 'maximum'] as const)('a run at %s', (level) => {
  test('takes many inputs, and answers a large value, with turns for others between', async () => {
    await using runtime = createRuntime();
    const inputs = {
      table: Object.fromEntries(Array.from({ length: 6_000 }, (_, at) => [`key ${at}`, [at, null, 'é']])),
    };
    const { value: outcome, turns } = await turnsDuring(() =>
      runtime.run({
        language: 'javascript',
        code: '({ table, big: 1n })',
        inputs,
        level,
        limits: { timeoutMs: 60_000 },
      }),
    );
    expect(outcome).toMatchObject({ ok: true });
    // A difference of so many lines takes minutes to be shown.
    expect(isDeepStrictEqual(outcome.ok && outcome.value, { ...inputs, big: 1n })).toBe(true);
    expect(turns).toBeGreaterThan(10);
  });

  test('is refused over outputBytes, however the value came', async () => {
    await using runtime = createRuntime();
    const outcome = await runtime.run({
      language: 'javascript',
      code: 'Array.from({ length: 60_000 }, () => 1)',
      level,
      limits: { outputBytes: 50_000 },
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' } });
  });
});

test('many inputs that are no data are misuse, as few are', async () => {
  await using runtime = createRuntime();
  const inputs = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at as unknown]));
  inputs.k19999 = new Date(0);
  await expect(runtime.run({ language: 'javascript', code: '1', inputs: inputs as never })).rejects.toThrow(
    'Cannot copy inputs.k19999: expected plain JSON, got an instance of a class',
  );
});

describe('one object of more fields than can be listed in a few milliseconds', () => {
  const fields = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]));
  const most = fields(MOST_FIELDS);
  const over = { ...most, last: 0 };
  const runtime = createRuntime({});

  test('is refused where it is read, copied or taken; one field less is not', async () => {
    expect(Object.keys((await parseJson(JSON.stringify(most))) as object)).toHaveLength(MOST_FIELDS);
    await expect(parseJson(JSON.stringify({ a: [over] }))).rejects.toThrow(
      'over 100000 fields in one object',
    );
    expect(copyJson(most, 'it')).toEqual(most);
    expect(() => copyJson([over], 'it')).toThrow(RangeError);
    expect(copyValue(most, 1e9).value).toEqual(most);
    expect(() => copyValue([over], 1e9)).toThrow(TypeError);
    expect(() => atOnce(copyArgsSlices([over]))).toThrow(RangeError);
  });

  test('long texts and bytes are measured and written in slices, and come out as they are', () => {
    const text = `${'x'.repeat(1_048_575)}\u{1f600}${'é'.repeat(2_000_000)}`;
    const bytes = new Uint8Array(5_000_000).fill(7);
    expect(slicesOf(copySlices([text], 1e9))).toBeGreaterThan(3);
    expect(copyValue(text, 1e9)).toEqual({ value: text, bytes: Buffer.byteLength(text) + 2 });
    expect(() => copyValue(text, 3_000_000)).toThrow(RangeError);
    expect(slicesOf(jsonFormSlices([bytes]))).toBeGreaterThan(3);
    expect(toJsonForm(bytes)).toEqual({ $bytes: Buffer.from(bytes).toString('base64') });
  });

  test('arguments of more lists than go to a cell in a few milliseconds are refused; numbers are not', () => {
    const lists = (count: number): unknown[] => Array.from({ length: count }, () => []);
    expect(atOnce(copyArgsSlices([lists(149_000)]))).toHaveLength(1);
    expect(() => atOnce(copyArgsSlices([lists(150_001)]))).toThrow('over 150000 lists and objects');
    expect(atOnce(copyArgsSlices([new Array(1_000_000).fill(0)]))).toHaveLength(1);
  });

  test('ends a run whose value or inputs it is, with the reason', async () => {
    const code = `const made = {}; for (let n = 0; n <= ${MOST_FIELDS}; n++) made[n.toString(36) + '_'] = 0; made`;
    const limits = {
      timeoutMs: 120_000,
      memoryBytes: 256 * 1024 ** 2,
      outputBytes: 16 * 1024 ** 2,
      fuel: 1e12,
    };
    expect(await runtime.run({ language: 'javascript', code, limits })).toMatchObject({
      ok: false,
      error: { code: 'OUTPUT_INVALID', message: expect.stringContaining('over 100000 fields in one object') },
    });
    const many = { inputs: { many: fields(MOST_FIELDS + 1) } };
    await expect(runtime.run({ language: 'javascript', code: '1', ...many })).rejects.toThrow(
      'over 100000 fields in one object',
    );
  });
});

describe('one cell of PostgreSQL that is large', () => {
  const INT_LIST = 1007;
  const TEXT_LIST = 1009;
  const JSONB = 3802;
  const cells = (rows: readonly string[], oid: number) =>
    recordsOf(
      ['cell'],
      rows.map((text) => [text]),
      (text) => cellOf(oid, text),
      { slices: (text) => cellSlices(oid, text), weigh: weightOf },
    );

  test('a document and a list are read in slices, to the same value', () => {
    const document = Array.from({ length: 40_000 }, (_, at) => ({ a: at, b: [null, `é"${at}`] }));
    const json = cells([JSON.stringify(document)], JSONB);
    expect(slicesOf(json)).toBeGreaterThan(20);
    expect(atOnce(cells([JSON.stringify(document)], JSONB))).toEqual([{ cell: document }]);
    const numbers = Array.from({ length: 100_000 }, (_, at) => at);
    expect(slicesOf(cells([`{${numbers}}`], INT_LIST))).toBeGreaterThanOrEqual(100_000 / SLICE);
    expect(atOnce(cells([`{${numbers}}`], INT_LIST))).toEqual([{ cell: numbers }]);
  });

  test('many that are small share the steps', () => {
    const text = JSON.stringify({ text: 'x'.repeat(60_000) });
    expect(slicesOf(cells(Array(50).fill(text), JSONB))).toBeGreaterThan(5);
  });

  test('what cannot be read in slices is its text', () => {
    const fields = JSON.stringify(
      Object.fromEntries(Array.from({ length: MOST_FIELDS + 1 }, (_, at) => [`f${at}`, 1])),
    );
    expect(atOnce(cells([fields], JSONB))).toEqual([{ cell: fields }]);
  });

  test.each([
    ['{}', []],
    ['{1,NULL,-3}', ['1', null, '-3']],
    ['[2:3]={a,b}', ['a', 'b']],
    ['{"a \\"b\\"","NULL","","\\\\","{,}"}', ['a "b"', 'NULL', '', '\\', '{,}']],
    [
      '{{a,b},{c,NULL}}',
      [
        ['a', 'b'],
        ['c', null],
      ],
    ],
    ['{"new\nline",é😀}', ['new\nline', 'é😀']],
  ])('the list %j', (text, value) => {
    expect(cellOf(TEXT_LIST, text)).toEqual(value);
  });
});

describe('an answer of a database, of 400 columns and 1,000 rows', () => {
  const names = Array.from({ length: 400 }, (_, at) => (at === 7 ? '__proto__' : `c${at}`));
  const rows = Array.from({ length: 1_000 }, (_, row) => names.map((_name, at) => row + at));

  test('becomes objects in slices, of SQLite and of PostgreSQL', () => {
    expect(slicesOf(recordsOf(names, rows, (cell) => cell))).toBeGreaterThanOrEqual((400 * 1_000) / SLICE);
    const records = atOnce(recordsOf(names, rows, (cell) => cell));
    expect(records).toHaveLength(1_000);
    expect(Object.values(records[3] ?? {})).toEqual(rows[3]);
    expect(Object.keys(records[3] ?? {})).toEqual(names);
  });

  test('of SQLite is read with turns for others', async () => {
    const columns = names.map((name) => ({ name, type: null }));
    const text = JSON.stringify({ results: [{ columns, rows, truncated: false, changes: 0 }] });
    const { value, turns } = await turnsDuring(() => readAnswer(text));
    expect(turns).toBeGreaterThan((2 * 400 * 1_000) / SLICE - 4);
    expect(value).toMatchObject({ ok: true, results: [{ truncated: false, rows }] });
  });
});
