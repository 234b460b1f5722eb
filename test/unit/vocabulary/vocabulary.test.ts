import { describe, expect, test } from 'vitest';
import { copyJson } from '../../../runtime/vocabulary/copy-json.ts';
import { copyValue } from '../../../runtime/vocabulary/copy-value.ts';
import {
  ERROR_CODES,
  type ErrorCode,
  exitCodeOf,
  SandglassError,
} from '../../../runtime/vocabulary/errors.ts';
import { toJsonForm } from '../../../runtime/vocabulary/json-form.ts';
import { LEVELS, stricter } from '../../../runtime/vocabulary/levels.ts';
import { LIMITS, mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { utf8Length } from '../../../runtime/vocabulary/utf8-length.ts';

describe('ERROR_CODES', () => {
  const table: Record<ErrorCode, [http: number, exit: number]> = {
    INPUT_INVALID: [400, 2],
    MANIFEST_INVALID: [400, 2],
    MODULE_INVALID: [400, 2],
    TOOL_NOT_FOUND: [404, 2],
    UNSUPPORTED: [400, 2],
    UNAUTHENTICATED: [401, 3],
    CAPABILITY_DENIED: [403, 3],
    CONFIRMATION_REQUIRED: [403, 3],
    RATE_LIMITED: [429, 3],
    FUEL_EXHAUSTED: [200, 4],
    DEADLINE_EXCEEDED: [200, 4],
    MEMORY_EXCEEDED: [200, 4],
    STACK_EXCEEDED: [200, 4],
    OUTPUT_EXCEEDED: [200, 4],
    HOST_CALLS_EXCEEDED: [200, 4],
    GUEST_THREW: [200, 1],
    GUEST_TRAPPED: [200, 1],
    OUTPUT_INVALID: [200, 1],
    HOST_CALL_FAILED: [200, 5],
    QUEUE_FULL: [503, 5],
    CANCELLED: [200, 5],
    INTERNAL: [500, 5],
  };

  test('has exactly the codes of the outcome table, each with its status and exit code', () => {
    const seen = Object.fromEntries(
      (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => [
        code,
        [ERROR_CODES[code].httpStatus, exitCodeOf(code)],
      ]),
    );
    expect(seen).toEqual(table);
    expect(Object.isFrozen(ERROR_CODES)).toBe(true);
  });

  test('SandglassError reads as its message and serialises without a stack', () => {
    const error = new SandglassError('CAPABILITY_DENIED', 'Cannot read "/x"', {
      hint: 'grant it',
      cause: new Error('secret'),
    });
    expect(String(error)).toBe('Cannot read "/x"');
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'CAPABILITY_DENIED',
      message: 'Cannot read "/x"',
      hint: 'grant it',
      retryable: false,
    });
  });
});

describe('mergeLimits()', () => {
  test('takes the smallest of each limit, and the default where none is given', () => {
    const merged = mergeLimits([{ timeoutMs: 50 }, { timeoutMs: 5, fuel: 7 }], { memoryBytes: 1 << 29 });
    expect(merged).toEqual({
      timeoutMs: 5,
      fuel: 7,
      memoryBytes: 1 << 29,
      outputBytes: 1 << 20,
      hostCalls: 1000,
      hostCallBytes: 8 << 20,
      cpuShare: 1,
    });
  });

  test('never loosens', () => {
    for (const name of Object.keys(LIMITS) as (keyof typeof LIMITS)[]) {
      const { minimum, maximum } = LIMITS[name];
      expect(mergeLimits([{ [name]: minimum }, { [name]: maximum }])[name]).toBe(minimum);
    }
  });
});

describe('levels', () => {
  test('stricter() is the maximum of the order', () => {
    for (const [at, one] of LEVELS.entries()) {
      for (const [index, other] of LEVELS.entries())
        expect(stricter(one, other)).toBe(LEVELS[Math.max(at, index)]);
    }
  });
});

describe('copyJson()', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['NaN', Number.NaN],
    ['a bigint', 1n],
    ['a class instance', new Map()],
    ['a cycle', cycle],
  ])('refuses %s', (_name, value) => {
    expect(() => copyJson(value, 'value')).toThrow(TypeError);
  });

  test('refuses more bytes than allowed before it has copied them all', () => {
    expect(() => copyJson(['x'.repeat(100)], 'value', { maxBytes: 50 })).toThrow(RangeError);
  });

  test('leaves out what is undefined and keeps the rest', () => {
    expect(copyJson({ a: undefined, b: [null, 'é', 1.5, true] }, 'value')).toEqual({
      b: [null, 'é', 1.5, true],
    });
  });
});

test('utf8Length() counts as an encoder does', () => {
  for (const text of ['', 'a', 'é', '€', '😀', '\ud800', 'a\udc00b', '\ud83d\ud83d\ude00']) {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).byteLength);
  }
});

test('toJsonForm() writes bigints as text and bytes as base64', () => {
  expect(toJsonForm({ n: 5n, b: new Uint8Array([1, 2, 255]), u: undefined, l: [undefined, 1] })).toEqual({
    n: '5',
    b: { $bytes: 'AQL/' },
    l: [null, 1],
  });
  expect(toJsonForm(undefined)).toBeUndefined();
});

describe('copyValue()', () => {
  test('copies plain data and measures its compact JSON form', () => {
    for (const value of [null, true, false, 12.5, 'é"', [1, 'a'], { a: { b: [] } }]) {
      const { value: copied, bytes } = copyValue(value, 1_000);
      expect(copied).toEqual(value);
      expect(bytes).toBeGreaterThanOrEqual(new TextEncoder().encode(JSON.stringify(value)).byteLength - 3);
    }
    expect(copyValue(new Uint8Array(10), 10)).toEqual({ value: new Uint8Array(10), bytes: 10 });
    expect(copyValue([1n, undefined], 100).value).toEqual([1n, undefined]);
  });

  test('a small graph that is a huge tree costs no more than maxBytes', () => {
    let bomb: unknown[] = [];
    for (let level = 0; level < 500; level++) bomb = [bomb, bomb];
    expect(() => copyValue(bomb, 100_000)).toThrow(RangeError);
  });

  test.each<[string, () => unknown]>([
    ['a cycle', () => cyclic],
    ['a map', () => new Map()],
    ['a date', () => [new Date()]],
    ['a function', () => () => 1],
  ])('refuses %s', (_name, make) => {
    expect(() => copyValue(make(), 1_000_000)).toThrow(TypeError);
  });
});

const cyclic: unknown[] = [];
cyclic.push(cyclic);
