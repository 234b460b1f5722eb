import { describe, expect, test } from 'vitest';
import { COMPILE_LIMITS } from '../../runtime/wasm/compile-limits.ts';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-08');

const OP = { block: 2, loop: 3, if: 4, end: 0x0b, brIf: 0x0d, brTable: 0x0e, get: 0x20, nop: 1 };
const VOID = 0x40;

const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
const repeat = (count: number, bytes: readonly number[]): number[] =>
  Array.from({ length: count }, () => bytes).flat();
const times = (count: number, ...bytes: readonly number[]): number[] => repeat(count, bytes);
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];

/** A module of `functions` equal bodies: `locals` of i32, then `code`. */
function moduleOf(code: readonly number[], { locals = 1, functions = 1 } = {}): Uint8Array {
  const body = [1, ...leb(locals), 0x7f, ...code, OP.end];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [...leb(functions), ...times(functions, 0)]),
    ...section(10, [...leb(functions), ...repeat(functions, [...leb(body.length), ...body])]),
  ]);
}

const nested = (opener: readonly number[], count: number): number[] => [
  ...times(count, ...opener),
  ...times(count, OP.end),
];
const ifs = (count: number): number[] => times(count, OP.get, 0, OP.if, VOID, OP.end);
const table = (targets: number): number[] => [
  ...[OP.block, VOID, OP.get, 0, OP.brTable],
  ...[...leb(targets - 1), ...times(targets, 0), OP.end],
];

const take = (bytes: Uint8Array): number => instrument(bytes, { maxMemoryPages: 1 }).length;

describe('instrument() refuses what would hold up the compiler of all guests', () => {
  test.each([
    ['loops within loops', nested([OP.loop, VOID], COMPILE_LIMITS.loopDepth + 1), /loops nested 49 deep/],
    [
      'loops with blocks between them',
      nested([OP.loop, VOID, OP.block, VOID], COMPILE_LIMITS.loopDepth + 1).concat(times(49, OP.end)),
      /loops nested 49 deep/,
    ],
    ['loops one after the other', times(COMPILE_LIMITS.loops + 1, OP.loop, VOID, OP.end), /513 loops/],
    ['blocks within blocks', nested([OP.block, VOID], COMPILE_LIMITS.depth + 1), /nested 10001 deep/],
    ['a large branch table', table(COMPILE_LIMITS.tableTargets + 1), /branch tables of over 65536/],
    ['many small branch tables', times(656, ...table(100)), /branch tables of over 65536/],
    ['a large body', times(COMPILE_LIMITS.bodyBytes, OP.nop), /bytes/],
  ])('%s', (_, code, reason) => {
    expect(() => take(moduleOf(code))).toThrow(expect.objectContaining({ code: 'MODULE_INVALID' }));
    expect(() => take(moduleOf(code))).toThrow(reason);
  });

  test('many joins of many locals', () => {
    const joins = Math.floor(COMPILE_LIMITS.merges / 40_000) + 1;
    expect(() => take(moduleOf(ifs(joins), { locals: 40_000 }))).toThrow(/joins of 40000 locals/);
    expect(() => take(moduleOf(table(joins), { locals: 40_000 }))).toThrow(/joins of 40000 locals/);
  });

  test('very many functions', () => {
    expect(() => take(moduleOf([], { functions: COMPILE_LIMITS.functions + 1 }))).toThrow(/200001 functions/);
  });

  test('in the last of many functions, and in code that is never reached', () => {
    const bomb = nested([OP.loop, VOID], COMPILE_LIMITS.loopDepth + 1);
    expect(() => take(moduleOf([0, ...bomb]))).toThrow(/loops nested/);
  });
});

describe('instrument() takes what real programs have', () => {
  test.each([
    ['a dispatch loop of Go', [OP.loop, VOID, ...nested([OP.block, VOID], 3_289), ...table(5_491), OP.end]],
    ['loops 25 deep', nested([OP.loop, VOID], 25)],
    ['400 loops', times(400, OP.loop, VOID, OP.end)],
    ['a body of 450 KB', times(450_000, OP.nop)],
    ['15,000 blocks', ifs(15_000)],
  ])('%s', (_, code) => {
    expect(take(moduleOf(code, { locals: 125 }))).toBeGreaterThan(0);
  });
});
