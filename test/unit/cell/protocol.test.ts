import { describe, expect, test } from 'vitest';
import { readFromCell } from '../../../runtime/cell/protocol.ts';

const result = { kind: 'value', value: 1, memoryBytes: 0, fuel: null, growthRefused: false };
const bytes = new Uint8Array(2);

describe('readFromCell()', () => {
  test.each([
    { type: 'ready', memoryBytes: 5 },
    { type: 'ready', memoryBytes: 5, warmBytes: 3 },
    { type: 'call', token: 1, call: 1, sync: false, operation: 'fs.read', args: {} },
    { type: 'call', token: 1, call: 1, sync: true, operation: 'fs.write', args: {}, bytes },
    { type: 'output', token: 1, stream: 'stdout', bytes, memoryBytes: 3 },
    { type: 'done', token: 1, result, cpuMs: null },
    { type: 'done', token: 1, result: { ...result, kind: 'exit', exitCode: 3 }, cpuMs: 1.5 },
    {
      type: 'done',
      token: 1,
      result: { ...result, kind: 'threw', error: { name: 'E', message: '' }, refusalId: 1 },
      cpuMs: 0,
    },
    { type: 'done', token: 1, result: { ...result, kind: 'limit', limit: 'fuel' }, cpuMs: 0 },
    { type: 'crashed', token: 0, message: 'x' },
  ])('takes $type', (message) => {
    expect(readFromCell(message)).toEqual(message);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'done'],
    ['an unknown type', { type: 'grant', token: 1 }],
    [
      'a call with a negative token',
      { type: 'call', token: -1, call: 1, sync: false, operation: 'x', args: {} },
    ],
    [
      'a call whose operation is an object',
      { type: 'call', token: 1, call: 1, sync: false, operation: { toString: () => 'fs.read' }, args: {} },
    ],
    [
      'a call with no arguments',
      { type: 'call', token: 1, call: 1, sync: false, operation: 'x', args: null },
    ],
    [
      'a call with text for bytes',
      { type: 'call', token: 1, call: 1, sync: false, operation: 'x', args: {}, bytes: 'abc' },
    ],
    ['output on another stream', { type: 'output', token: 1, stream: '__proto__', bytes, memoryBytes: 0 }],
    ['output with an array', { type: 'output', token: 1, stream: 'stdout', bytes: [1], memoryBytes: 0 }],
    [
      'an end of an unknown kind',
      { type: 'done', token: 1, result: { ...result, kind: 'constructor' }, cpuMs: 0 },
    ],
    [
      'an end with a text for memory',
      { type: 'done', token: 1, result: { ...result, memoryBytes: '0' }, cpuMs: 0 },
    ],
    ['an end with NaN fuel', { type: 'done', token: 1, result: { ...result, fuel: Number.NaN }, cpuMs: 0 }],
    [
      'an invalid end that claims INTERNAL',
      {
        type: 'done',
        token: 1,
        result: { ...result, kind: 'invalid', code: 'INTERNAL', message: 'x' },
        cpuMs: 0,
      },
    ],
    [
      'an error that is a text',
      { type: 'done', token: 1, result: { ...result, kind: 'threw', error: 'x' }, cpuMs: 0 },
    ],
    [
      'an exit with a fraction',
      { type: 'done', token: 1, result: { ...result, kind: 'exit', exitCode: 0.5 }, cpuMs: 0 },
    ],
  ])('refuses %s', (_name, message) => {
    expect(readFromCell(message)).toBeUndefined();
  });
});
