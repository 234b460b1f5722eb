import { describe, expect, test } from 'vitest';
import { createEventStream } from '../../runtime/doors/http/event-stream.ts';
import { jsonResponse } from '../../runtime/doors/http/json-response.ts';
import {
  copySlices,
  copyValue,
  type GuestValue,
  jsonFormSlices,
  toJsonForm,
} from '../../runtime/vocabulary/codec.ts';
import { atOnce, inSlices, SLICE, type Slices } from '../../runtime/vocabulary/in-slices.ts';
import { jsonText } from '../../runtime/vocabulary/json-text.ts';
import { weighOutcome } from '../../runtime/work/weigh-outcome.ts';

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
  const outcome = { ok: true, value: form, stdout: '', stderr: '' } as never;

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
