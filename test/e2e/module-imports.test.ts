import { describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { createRuntime, defineHostFunction, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

const { parseWat } = await wabt();
const binary = (text: string): Uint8Array => parseWat('module.wat', text).toBinary({}).buffer;

const MODULE = binary(`(module
  (import "env" "add" (func $add (param i32 i64 f64) (result i64)))
  (import "env" "shout" (func $shout (param i32 i32 i32 i32) (result i32)))
  (import "other" "nothing" (func $nothing))
  (memory (export "memory") 1 2)
  (data (i32.const 16) "quiet")
  (func (export "sum") (param i32 i64 f64) (result i64)
    (call $add (local.get 0) (local.get 1) (local.get 2)))
  (func (export "shout") (param i32) (result i32)
    (call $shout (i32.const 16) (local.get 0) (i32.const 64) (i32.const 8)))
  (func (export "at") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "call") (call $nothing)))`);

const maths = (seen: unknown[]) =>
  defineHostFunction({
    name: 'maths',
    narrow: (asked) => asked,
    operations: {
      add: {
        // It takes a moment to answer, which a guest waits at every level.
        call: async (args) => {
          seen.push(['add', args]);
          const [one, two, three] = (args as { args: [number, string, number] }).args;
          return (BigInt(one) + BigInt(two) + BigInt(three)).toString();
        },
      },
      shout: {
        call: (args, { bytes }) => {
          const text = new TextDecoder().decode(bytes);
          seen.push(['shout', args, text]);
          return new TextEncoder().encode(text.toUpperCase());
        },
      },
      wrong: { call: () => 'seven' },
    },
  });

const IMPORTS = {
  'env.add': 'maths.add',
  'env.shout': { operation: 'maths.shout', bytes: [0, 1], into: [2, 3] },
  'other.nothing': 'maths.add',
};
const grant = { custom: { maths: true } };
const open = (seen: unknown[] = []): Runtime => createRuntime({ cache: false, hostFunctions: [maths(seen)] });
const codeOf = (outcome: Awaited<ReturnType<Runtime['run']>>): unknown =>
  outcome.ok ? outcome.value : [outcome.error.code, outcome.error.message];

describe.each(['minimal', 'standard'] as const)('imports of a core module at level %s', (level) => {
  verifies('XT-03');
  test('are host functions of the embedder: numbers as they are, 64 bits exactly, bytes both ways', async () => {
    const seen: unknown[] = [];
    await using runtime = open(seen);
    const run = (invoke: string, args: (number | bigint)[]) =>
      runtime.run({ module: MODULE, invoke, args, level, grant, options: { imports: IMPORTS } });
    const sum = await run('sum', [-1, 9007199254740993n, 2]);
    expect(codeOf(sum)).toBe(9007199254740994n);
    expect(sum.usage.hostCalls).toEqual({ 'maths.add': 1 });
    expect(codeOf(await run('shout', [5]))).toBe(5);
    expect(seen).toEqual([
      ['add', { args: [-1, '9007199254740993', 2] }],
      ['shout', { args: [16, 5, 64, 8] }, 'quiet'],
    ]);
    expect(codeOf(await run('shout', [70_000]))).toEqual([
      'GUEST_TRAPPED',
      expect.stringContaining('env.shout'),
    ]);
    expect(codeOf(await run('shout', [9]))).toEqual(['GUEST_TRAPPED', expect.stringContaining('room for 8')]);
  });

  test('are granted and counted like any host call', async () => {
    await using runtime = open();
    const run = (more: object) =>
      runtime.run({
        module: MODULE,
        invoke: 'sum',
        args: [1, 2n, 3],
        level,
        options: { imports: IMPORTS },
        ...more,
      });
    expect(codeOf(await run({}))).toEqual(['CAPABILITY_DENIED', expect.stringContaining('maths')]);
    expect(codeOf(await run({ grant, limits: { hostCalls: 0 } }))).toEqual([
      'HOST_CALLS_EXCEEDED',
      expect.any(String),
    ]);
  });

  test('that nobody gives are refused, or trap when they are called', async () => {
    await using runtime = open();
    const run = (invoke: string, options: object, args: (number | bigint)[] = []) =>
      runtime.run({ module: MODULE, invoke, args, level, grant, options: options as never });
    expect(codeOf(await run('at', {}, [16]))).toEqual([
      'MODULE_INVALID',
      expect.stringMatching(/imports env\.add, env\.shout, other\.nothing/),
    ]);
    const given = { imports: { 'env.add': 'maths.add' } };
    expect(codeOf(await run('at', given, [16]))).toEqual([
      'MODULE_INVALID',
      expect.stringMatching(/imports env\.shout, other\.nothing/),
    ]);
    const trap = { ...given, unknownImports: 'trap' };
    expect(codeOf(await run('at', trap, [16]))).toBe(0x71);
    expect(codeOf(await run('sum', trap, [1, 2n, 3]))).toBe(6n);
    expect(codeOf(await run('call', trap))).toEqual([
      'GUEST_TRAPPED',
      expect.stringContaining('other.nothing'),
    ]);
  });

  test('that answer what the module cannot take end it, with both names', async () => {
    await using runtime = open();
    const options = { imports: { ...IMPORTS, 'env.add': 'maths.wrong' } };
    const outcome = await runtime.run({
      module: MODULE,
      invoke: 'sum',
      args: [1, 2n, 3],
      level,
      grant,
      options,
    });
    expect(codeOf(outcome)).toEqual([
      'GUEST_TRAPPED',
      expect.stringMatching(/maths\.wrong answered env\.add with "seven", not an i64/),
    ]);
  });
});

test('a misspelt import, and options that do not fit, are told by name', async () => {
  await using runtime = open();
  const run = (options: object) =>
    runtime.run({ module: MODULE, invoke: 'at', args: [1], grant, options: options as never });
  const cases: readonly [object, RegExp][] = [
    [{ imports: { ...IMPORTS, 'env.ad': 'maths.add' } }, /"env\.ad"/],
    [
      { imports: { ...IMPORTS, 'env.add': { operation: 'maths.add', bytes: [0, 1] } } },
      /bytes names arguments 0 and 1/,
    ],
    [{ imports: { 'env.add': 7 } }, /imports\["env\.add"\]/],
    [{ imports: { 'env.add': { operation: 'maths.add', byte: [0, 1] } } }, /unknown field "byte"/],
    [{ imports: IMPORTS, unknownImports: true }, /unknownImports/],
    [{ import: IMPORTS }, /unknown option "import"|option "import"/],
  ];
  for (const [options, message] of cases)
    expect(codeOf(await run(options))).toEqual(['INPUT_INVALID', expect.stringMatching(message)]);
});

test('a session keeps the instance, and each of its calls has its own grant', async () => {
  const seen: unknown[] = [];
  await using runtime = open(seen);
  const session = await runtime.sessions.open({ module: MODULE, grant, options: { imports: IMPORTS } });
  expect(codeOf(await session.run({ invoke: 'shout', args: [5] }))).toBe(5);
  expect(new TextDecoder().decode(await session.memory.read(64, 5))).toBe('QUIET');
  expect(codeOf(await session.run({ invoke: 'sum', args: [1, 2n, 3] }))).toBe(6n);
  expect(codeOf(await session.run({ invoke: 'at', args: [64] }))).toBe(0x51);
});

test('a memory or a global cannot be given', async () => {
  await using runtime = open();
  const module = binary('(module (import "env" "memory" (memory 1)) (func (export "run")))');
  const outcome = await runtime.run({ module, invoke: 'run', options: { unknownImports: 'trap' } });
  expect(codeOf(outcome)).toEqual(['MODULE_INVALID', expect.stringContaining('env.memory')]);
});
