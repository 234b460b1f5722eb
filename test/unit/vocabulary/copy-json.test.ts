import { describe, expect, it } from 'vitest';
import { copyJson, copyJsonSlices, type JsonCheck } from '../../../runtime/vocabulary/copy-json.ts';
import { copySlices, copyValue } from '../../../runtime/vocabulary/copy-value.ts';
import { atOnce, type Slices } from '../../../runtime/vocabulary/in-slices.ts';
import { jsonFormSlices, toJsonForm } from '../../../runtime/vocabulary/json-form.ts';

/** What a copy gives, or what it throws. */
function told(copy: () => unknown): unknown {
  try {
    return { copied: copy() };
  } catch (error) {
    return { error: String(error) };
  }
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
const circle: Record<string, unknown> = {};
circle.self = circle;

const VALUES: readonly (readonly [string, unknown])[] = [
  ['a text', 'é\ud800'],
  ['numbers', [0, -1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e300]],
  ['numbers that are finite', [0, -0, 1.5, 1e300]],
  ['a bigint', 1n],
  ['undefined', undefined],
  ['fields that are undefined', { a: undefined, b: null }],
  ['an element that is undefined', [undefined]],
  ['a list with holes', new Array(3)],
  ['a function', { f: () => 1 }],
  ['a field of the name __proto__', JSON.parse('{"__proto__": {"a": 1}}')],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
  ['a date', new Date(0)],
  ['bytes', { bytes: new Uint8Array(3) }],
  ['a circle', circle],
  ['levels that just fit', nested(5)],
  ['one level too many', nested(6)],
  ['values that just fit', Array.from({ length: 19 }, () => 1)],
  ['values that are too many', Array.from({ length: 20 }, () => 1)],
  ['bytes that just fit', 'x'.repeat(98)],
  ['bytes that are too many', 'x'.repeat(99)],
  ['bytes that are too many with the marks between short texts', Array.from({ length: 34 }, () => '')],
  ['a long name', { ['n'.repeat(100)]: 1 }],
  ['many fields', Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, index]))],
];
const CHECKS: readonly JsonCheck[] = [{}, { maxDepth: 5 }, { maxBytes: 100 }, { maxValues: 20 }];

describe('a small value is copied as a large one is, and refused for the same reason', () => {
  it.each(VALUES)('%s', (_, value) => {
    for (const check of CHECKS) {
      const slices = (): Slices<unknown> => copyJsonSlices(value, 'it', check);
      expect(told(() => copyJson(value, 'it', check))).toEqual(told(() => atOnce(slices())));
    }
    expect(told(() => copyValue(value, 100))).toEqual(told(() => atOnce(copySlices(value, 100))));
    // A circle has no form: what a guest answers was copied before.
    if (value !== circle)
      expect(told(() => toJsonForm(value as never))).toEqual(
        told(() => atOnce(jsonFormSlices(value as never))),
      );
  });

  it('shares nothing with what it was copied from', () => {
    const value = { list: [{ a: 1 }] };
    const copied = copyJson(value, 'it') as typeof value; // the same form
    copied.list.push({ a: 2 });
    (copied.list[0] as { a: number }).a = 3; // it has one
    expect(value).toEqual({ list: [{ a: 1 }] });
  });

  it('lists the names of a large object once', () => {
    let listed = 0;
    const large = new Proxy(
      Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`f${index}`, 1])),
      {
        ownKeys: (target) => {
          listed += 1;
          return Reflect.ownKeys(target);
        },
      },
    );
    copyJson(large, 'it');
    expect(listed).toBe(1);
  });
});
