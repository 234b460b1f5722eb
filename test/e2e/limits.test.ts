import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import wabt from 'wabt';
import {
  createRuntime,
  type ErrorCode,
  type IsolationLevel,
  type RunOptions,
  type Runtime,
} from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'sandglass-limits-'));
writeFileSync(join(folder, 'a.txt'), 'hello');
let runtime: Runtime;
const wasm: Record<string, Uint8Array> = {};

/** A command that prints with `fd_write`, so that output and file calls need no libc. */
const COMMAND = (body: string, extra = ''): string => `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\04\\00\\00\\00")
  (data (i32.const 16) "abcda.txt")
  (func $print (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  ${extra}
  (func (export "_start") ${body}))`;

beforeAll(async () => {
  const { parseWat } = await wabt();
  const sources: Record<string, string> = {
    hello: COMMAND('(call $print)'),
    spin: COMMAND('(loop $l (br $l))'),
    flood: COMMAND('(loop $l (call $print) (br $l))'),
    grow: COMMAND('(loop $l (br_if $l (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) unreachable'),
    recurse: COMMAND('(call $deep)', '(func $deep (call $deep) (call $deep))'),
    stat: COMMAND(`(local $n i32) (loop $l
      (if (call $stat (i32.const 3) (i32.const 1) (i32.const 20) (i32.const 5) (i32.const 64)) (then (call $exit (i32.const 9))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $n) (i32.const 50))))`),
  };
  for (const [name, source] of Object.entries(sources)) {
    wasm[name] = parseWat(`${name}.wat`, source, { bulk_memory: true }).toBinary({}).buffer;
  }
  runtime = createRuntime({ cache: false });
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

const js = (code: string): RunOptions => ({ language: 'javascript', code });
const command = (name: string): RunOptions => ({ module: wasm[name] ?? new Uint8Array() });

interface Case {
  readonly guest: string;
  readonly ok: () => RunOptions;
  readonly levels: readonly IsolationLevel[];
  readonly ends: readonly (readonly [ErrorCode, () => RunOptions])[];
}

const cases: readonly Case[] = [
  {
    guest: 'javascript',
    levels: ['minimal', 'standard', 'maximum'],
    ok: () => js('console.log("abcd")'),
    ends: [
      ['DEADLINE_EXCEEDED', () => ({ ...js('for (;;) {}'), limits: { timeoutMs: 200 } })],
      [
        'DEADLINE_EXCEEDED',
        () => ({
          ...js('await new Promise(() => { setInterval(() => {}, 10) })'),
          limits: { timeoutMs: 100 },
        }),
      ],
      ['FUEL_EXHAUSTED', () => ({ ...js('for (;;) {}'), limits: { fuel: 50_000_000 } })],
      [
        'MEMORY_EXCEEDED',
        () => ({
          ...js('const held = []; for (;;) held.push(new Uint8Array(1 << 20).fill(1))'),
          limits: { memoryBytes: 32 * MIB },
        }),
      ],
      ['STACK_EXCEEDED', () => js('(function deep() { return deep() + 1 })()')],
      [
        'OUTPUT_EXCEEDED',
        () => ({ ...js('for (;;) console.log("xxxxxxxxxxxxxxx")'), limits: { outputBytes: 10_000 } }),
      ],
      [
        'HOST_CALLS_EXCEEDED',
        () => ({
          ...js('for (let i = 0; i < 50; i++) await fs.stat("/d/a.txt")'),
          grant: { fs: [{ host: folder, guest: '/d' }] },
          limits: { hostCalls: 10 },
        }),
      ],
      ['GUEST_THREW', () => js('throw new TypeError("mine")')],
    ],
  },
  {
    guest: 'preview1',
    levels: ['minimal', 'standard', 'maximum'],
    ok: () => command('hello'),
    ends: [
      ['DEADLINE_EXCEEDED', () => ({ ...command('spin'), limits: { timeoutMs: 200 } })],
      ['FUEL_EXHAUSTED', () => ({ ...command('spin'), limits: { fuel: 50_000_000 } })],
      ['MEMORY_EXCEEDED', () => ({ ...command('grow'), limits: { memoryBytes: 32 * MIB } })],
      ['STACK_EXCEEDED', () => command('recurse')],
      ['OUTPUT_EXCEEDED', () => ({ ...command('flood'), limits: { outputBytes: 10_000 } })],
    ],
  },
];

describe.each(cases)('limits of a $guest guest', verifies('LM-11'), ({ ok, levels, ends }) => {
  describe.each(levels)('at level %s', (level) => {
    test.each(ends.map(([code, options], index) => ({ code, options, index })))(
      '$code ($index), and the next run works',
      async ({ code, options }) => {
        const outcome = await runtime.run({ ...options(), level });
        // A level may forbid what a case needs (no host files at `maximum`): then the refusal comes first.
        const codes = level === 'maximum' ? [code, 'CAPABILITY_DENIED', 'HOST_CALL_FAILED'] : [code];
        expect(codes).toContain(outcome.ok ? 'ok' : outcome.error.code);
        expect(outcome.usage.memoryBytes).toBeLessThanOrEqual(outcome.meta.limits.memoryBytes);
        expect(outcome.usage.outputBytes).toBeLessThanOrEqual(outcome.meta.limits.outputBytes);
        expect(await runtime.run({ ...ok(), level })).toMatchObject({
          ok: true,
          stdout: expect.stringContaining('abcd'),
        });
      },
    );
  });
});

test('a preview1 guest is told no when its host calls are spent', async () => {
  const outcome = await runtime.run({
    ...command('stat'),
    grant: { fs: [{ host: folder, guest: '/d' }] },
    limits: { hostCalls: 10 },
  });
  expect(outcome).toMatchObject({ ok: false, exitCode: 9, usage: { hostCalls: { 'fs.read': 11 } } });
  expect(outcome.ok ? '' : outcome.error.hint).toContain('host calls are spent');
});
