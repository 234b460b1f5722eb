import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';
import { assemble } from '../support/wasm/assemble.ts';

const COUNTER = `(module
  (memory (export "memory") 1)
  (global $count (mut i64) (i64.const 0))
  (func (export "add") (param i64) (result i64)
    (global.set $count (i64.add (global.get $count) (local.get 0)))
    (global.get $count))
  (func (export "first") (result i32) (i32.load8_u (i32.const 16)))
  (func (export "trap") unreachable))`;

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-repl-'));
  await writeFile(join(cwd, 'counter.wasm'), await assemble(COUNTER));
});
afterAll(() => rm(cwd, { recursive: true }));

const repl = (lines: readonly string[], ...args: readonly string[]) =>
  runCli(['repl', ...args], { cwd, stdin: `${lines.join('\n')}\n` });

test('variables stay from line to line, and an error ends nothing but the exit code', async () => {
  const { code, out, err } = await repl(['const a = 40', 'b', 'a + 2']);
  expect([code, out]).toEqual([1, '42\n']);
  expect(err).toContain('b is not defined');
});

test('keeps one instance of a module: calls, and bytes of its memory', verifies('XT-02'), async () => {
  const lines = ['add(9007199254740993)', 'add(1)', '.write 16 Abc', 'first', '.read 16 4'];
  const { code, out, err } = await repl(lines, 'counter.wasm');
  expect(err).toBe('');
  expect(out.split('\n')).toEqual([
    '9007199254740993',
    '9007199254740994',
    '65',
    `00000010  41 62 63 00${' '.repeat(38)}Abc.`,
    '',
  ]);
  expect(code).toBe(0);
});

test('a line that cannot be read, and a trap, fail; after a trap a new instance begins', async () => {
  const { code, out, err } = await repl(
    ['add(', 'add(1, 2)', '.read x', '.read 0 1', 'add(5)', 'trap', 'add(1)'],
    'counter.wasm',
  );
  expect(code).toBe(1);
  expect(out.split('\n')).toEqual(['5', '1', '']);
  for (const message of ['Cannot read "add("', 'INPUT_INVALID', 'Cannot read ".read x"', 'GUEST_TRAPPED'])
    expect(err).toContain(message);
});

test.each([
  [['a.wasm', 'b.wasm'], 'more than one module'],
  [['counter.js'], 'sandglass run counter.js'],
  [['--lang=wasm'], 'sandglass repl FILE.wasm'],
  [['--lang=python', 'counter.wasm'], 'Cannot use --lang=python with a file'],
])('repl %j is refused', async (args, message) => {
  const { code, err } = await repl([], ...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});
