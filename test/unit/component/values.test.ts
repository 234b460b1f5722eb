import { expect, test } from 'vitest';
import type { WitType } from '../../../runtime/engines/component/types/wit-type.ts';
import { fromJson } from '../../../runtime/engines/component/values/from-json.ts';
import { toJson } from '../../../runtime/engines/component/values/to-json.ts';
import type { GuestValue } from '../../../runtime/vocabulary/guest-value.ts';

const u8: WitType = { kind: 'u8' };
const s64: WitType = { kind: 's64' };
const string: WitType = { kind: 'string' };
const bytes: WitType = { kind: 'list', element: u8 };
const record: WitType = {
  kind: 'record',
  fields: [
    { name: 'first-part', type: string },
    { name: 'extra', type: { kind: 'option', element: u8 } },
  ],
};
const variant: WitType = {
  kind: 'variant',
  cases: [
    { name: 'plain', type: undefined },
    { name: 'with-text', type: string },
  ],
};
const colour: WitType = { kind: 'enum', names: ['red', 'dark-green'] };
const flags: WitType = { kind: 'flags', names: ['read', 'write-all'] };
const nested: WitType = { kind: 'option', element: { kind: 'option', element: u8 } };

test.each<[WitType, GuestValue, unknown]>([
  [u8, 255, 255],
  [u8, '7', 7],
  [u8, 7n, 7],
  [s64, '-9223372036854775808', -9223372036854775808n],
  [s64, 5, 5n],
  [{ kind: 'u64' }, 18446744073709551615n, 18446744073709551615n],
  [{ kind: 'f64' }, 'NaN', Number.NaN],
  [{ kind: 'char' }, '😀', '😀'],
  [bytes, [1, 2, 255], Uint8Array.of(1, 2, 255)],
  [bytes, { $bytes: 'AQL/' }, Uint8Array.of(1, 2, 255)],
  [bytes, { $bytes: '' }, Uint8Array.of()],
  [bytes, [1, 2n, '3'], Uint8Array.of(1, 2, 3)],
  [bytes, Uint8Array.of(9), Uint8Array.of(9)],
  [{ kind: 'list', element: s64 }, [1, '2'], [1n, 2n]],
  [{ kind: 'option', element: string }, null, undefined],
  [{ kind: 'option', element: string }, 'a', 'a'],
  [nested, null, { tag: 'none' }],
  [nested, 3, { tag: 'some', val: 3 }],
  [nested, { tag: 'none' }, { tag: 'none' }],
  [nested, { tag: 'some', val: null }, { tag: 'some', val: undefined }],
  [nested, { tag: 'some' }, { tag: 'some', val: undefined }],
  [nested, { tag: 'some', val: 3 }, { tag: 'some', val: 3 }],
  [
    { kind: 'option', element: nested },
    { tag: 'some', val: { tag: 'some', val: null } },
    { tag: 'some', val: undefined }, // what the glue takes: it marks every second level only
  ],
  [record, { 'first-part': 'a' }, { firstPart: 'a', extra: undefined }],
  [record, { firstPart: 'a', extra: 1 }, { firstPart: 'a', extra: 1 }],
  [variant, { tag: 'with-text', val: 'x' }, { tag: 'with-text', val: 'x' }],
  [variant, { tag: 'withText', val: 'x' }, { tag: 'with-text', val: 'x' }],
  [variant, 'plain', { tag: 'plain', val: undefined }],
  [colour, 'darkGreen', 'dark-green'],
  [flags, ['write-all'], { read: false, writeAll: true }],
  [flags, { read: true, writeAll: false }, { read: true, writeAll: false }],
  [{ kind: 'result', ok: u8, err: undefined }, { tag: 'err' }, { tag: 'err', val: undefined }],
  [{ kind: 'tuple', items: [u8, string] }, [1, 'a'], [1, 'a']],
])('fromJson() takes for %o the value %o', (type, value, expected) => {
  expect(fromJson(value, type, 'argument 1')).toEqual(expected);
});

test.each<[WitType, GuestValue, string]>([
  [u8, 256, 'argument 1 must be u8, got 256'],
  [u8, -1, 'argument 1 must be u8, got -1'],
  [u8, 1.5, 'argument 1 must be u8, got 1.5'],
  [u8, '1e2', 'argument 1 must be u8, got "1e2"'],
  [u8, true, 'argument 1 must be u8, got true'],
  [u8, undefined, 'argument 1 must be u8, got nothing'],
  [s64, '9223372036854775808', 'argument 1 must be s64, got "9223372036854775808"'],
  [s64, 2 ** 53, 'argument 1 must be s64, got 9007199254740992'],
  [{ kind: 'bool' }, 1, 'argument 1 must be bool, got 1'],
  [{ kind: 'char' }, 'ab', 'argument 1 must be char, got "ab"'],
  [{ kind: 'char' }, '\ud800', 'argument 1 must be char, got "\\ud800"'],
  [bytes, [1, 256], 'argument 1[1] must be u8, got 256'],
  [bytes, 'not base64!', 'argument 1 must be list<u8>, got "not base64!"'],
  [bytes, 'AQL/', 'argument 1 must be list<u8>, got "AQL/"'],
  [bytes, { $bytes: 'AQ' }, 'argument 1 must be list<u8>, got {"$bytes":"AQ"}'],
  [bytes, { $bytes: 'AQL/', more: 1 }, 'argument 1 must be list<u8>, got {"$bytes":"AQL/","more":1}'],
  [record, { firstPart: 'a', other: 1 }, 'argument 1.other is not a field, known are first-part, extra'],
  [
    record,
    { firstPart: 'a', exrta: 1 },
    'argument 1.exrta is not a field, known are first-part, extra, did you mean "extra"?',
  ],
  [record, { extra: 1 }, 'argument 1.firstPart is missing, it must be string'],
  [
    { kind: 'list', element: record },
    [{ firstPart: 'a' }, { firstPart: 'b', extra: 256 }],
    'argument 1[1].extra must be u8, got 256',
  ],
  [record, { firstPart: 1 }, 'argument 1.firstPart must be string, got 1'],
  [record, [], 'argument 1 must be record { first-part: string, extra: option<u8> }, got []'],
  [variant, { tag: 'plain', val: 1 }, 'argument 1.val must not be there: "plain" carries nothing'],
  [variant, { tag: 'toString' }, 'argument 1 has no case "toString", known are plain, with-text'],
  [variant, { tag: 'with-text' }, 'argument 1.val is missing, it must be string'],
  [colour, 'blue', 'argument 1 must be enum { red, dark-green }, got "blue"'],
  [flags, ['execute'], 'argument 1 has no flag "execute", known are read, write-all'],
  [flags, { read: 1 }, 'argument 1 must be flags { read, write-all }, got {"read":1}'],
  [{ kind: 'tuple', items: [u8] }, [1, 2], 'argument 1 must be tuple<u8>, got [1,2]'],
  [{ kind: 'own', resource: { name: 'file' } }, 1, 'argument 1 must be file, got 1'],
])('fromJson() refuses for %o the value %o', (type, value, message) => {
  expect(() => fromJson(value, type, 'argument 1')).toThrow(
    expect.objectContaining({ name: 'MisfitError', message }),
  );
});

test('fromJson() keeps a "__proto__" key from reaching a prototype', () => {
  const hostile = JSON.parse('{"firstPart":"a","__proto__":{"extra":1}}');
  expect(() => fromJson(hostile, record, 'argument 1')).toThrow('argument 1.__proto__ is not a field');
});

test.each<[WitType, unknown, GuestValue]>([
  [s64, -5n, -5n],
  [bytes, Uint8Array.of(1), Uint8Array.of(1)],
  [{ kind: 'list', element: { kind: 'u32' } }, Uint32Array.of(1, 2), [1, 2]],
  [{ kind: 'list', element: s64 }, BigInt64Array.of(1n), [1n]],
  [{ kind: 'option', element: string }, undefined, null],
  [nested, { tag: 'none' }, null],
  [nested, { tag: 'some', val: undefined }, { tag: 'some', val: null }],
  [nested, { tag: 'some', val: 3 }, { tag: 'some', val: 3 }],
  [record, { firstPart: 'a', extra: undefined, more: 1 }, { firstPart: 'a', extra: null }],
  [variant, { tag: 'plain' }, { tag: 'plain' }],
  [flags, { read: true, writeAll: false }, ['read']],
  [{ kind: 'f32' }, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [{ kind: 'f64' }, Number.NaN, Number.NaN],
  [
    { kind: 'result', ok: u8, err: string },
    { tag: 'err', val: 'no' },
    { tag: 'err', val: 'no' },
  ],
])('toJson() answers for %o', (type, value, expected) => {
  expect(toJson(value, type)).toEqual(expected);
});
