import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { commandGuest, wat } from '../guests/component/build.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-05');

let folder: string;
let runtime: Runtime;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-surroundings-'));
  runtime = createRuntime({ cache: false, level: 'minimal' });
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

/** `_start` writes the 8 bytes at 0 after `body`. */
const writing = (imports: string, body: string): Promise<Uint8Array<ArrayBuffer>> =>
  wat(`(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    ${imports}
    (memory (export "memory") 1)
    (data (i32.const 256) "/d")
    (data (i32.const 272) "old")
    (func (export "_start")
      ${body}
      (i32.store (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (i32.const 8))
      (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))`);

const number = (outcome: { readonly stdout: string }): bigint =>
  Buffer.from(outcome.stdout, 'utf8').readBigUInt64LE();

describe('argv[0]', () => {
  test('of a module is the name of its file, or the one that was given', async () => {
    const bytes = await loadGuest('preview1/environment.wat');
    const path = join(folder, 'core utils.wasm');
    writeFileSync(path, bytes);
    for (const module of [path, pathToFileURL(path)]) {
      const { stdout } = await runtime.run({ module, argv: ['ls'] });
      expect(stdout).toBe('core utils.wasm\0ls\0');
    }
    const named = await runtime.run({ module: bytes, filename: '/opt/bin/busybox', argv: [] });
    expect(named.stdout).toBe('busybox\0');
    expect((await runtime.run({ module: bytes })).stdout).toBe('module.wasm\0');
  });

  test('of a component likewise', async () => {
    const bytes = await commandGuest();
    const { stdout } = await runtime.run({ module: bytes, filename: 'tools/wc.wasm', argv: ['name'] });
    expect(stdout).toBe('wc.wasm\n');
  });
});

describe('the monotonic clock of a deterministic run', () => {
  const deterministic = { seed: 1, now: 0 };

  test('is not zero in a module, a component and JavaScript', async () => {
    const core = await writing(
      '(import "wasi_snapshot_preview1" "clock_time_get" (func $now (param i32 i64 i32) (result i32)))',
      '(drop (call $now (i32.const 1) (i64.const 0) (i32.const 0)))',
    );
    expect(number(await runtime.run({ module: core, deterministic }))).toBe(1_000_000n);
    const script = { language: 'javascript', code: 'performance.now()', deterministic } as const;
    expect(await runtime.run(script)).toMatchObject({ value: 1 });
    const component = await wat(`(component
      (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))
      (core func $now (canon lower (func $clock "now")))
      (core module $m (import "" "now" (func $now (result i64))) (func (export "now") (result i64) call $now))
      (core instance $i (instantiate $m (with "" (instance (export "now" (func $now))))))
      (func (export "now") (result u64) (canon lift (core func $i "now"))))`);
    expect(await runtime.run({ module: component, invoke: 'now', deterministic })).toMatchObject({
      value: 1_000_000n,
    });
  });
});

test('a file from before 1970 is of the epoch to a module', async () => {
  const data = join(folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'old'), 'x');
  utimesSync(join(data, 'old'), new Date('1960-01-01'), new Date('1960-01-01'));
  const core = await writing(
    '(import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))',
    `(drop (call $stat (i32.const 3) (i32.const 1) (i32.const 272) (i32.const 3) (i32.const 64)))
     (i64.store (i32.const 0) (i64.load (i32.const 112)))`,
  );
  const grant = { fs: [{ host: data, guest: '/d', access: ['read'] as const }] };
  const outcome = await runtime.run({ module: core, grant });
  expect([outcome.ok, number(outcome)]).toEqual([true, 0n]);
});

describe('the size of a module', () => {
  const padded = async (bytes: number): Promise<Uint8Array<ArrayBuffer>> => {
    const core = await loadGuest('preview1/numbers.wat');
    const filled = new Uint8Array(core.byteLength + bytes + 6);
    filled.set(core);
    // A custom section of padding: its length in five bytes of LEB128, of which the name's own length is one.
    const length = bytes;
    const leb = [0, 7, 14, 21].map((shift) => ((length >>> shift) & 0x7f) | 0x80);
    filled.set([0, ...leb, length >>> 28], core.byteLength);
    return filled;
  };

  test('is bounded by an option, and the refusal names it', async () => {
    await using small = createRuntime({ cache: false, level: 'minimal', maxModuleBytes: 100_000 });
    const module = await padded(100_000);
    expect(await small.run({ module, invoke: 'fib', args: [10] })).toMatchObject({
      error: {
        code: 'INPUT_INVALID',
        message: `Cannot run "module.wasm": its ${module.byteLength} bytes are over the 100000 that this runtime takes`,
        hint: expect.stringContaining('Raise maxModuleBytes of the runtime (--max-module=1MiB)'),
      },
    });
    expect(await runtime.run({ module, invoke: 'fib', args: [10] })).toMatchObject({ value: 55 });
    expect(() => createRuntime({ maxModuleBytes: 2 ** 31 })).toThrow(RangeError);
  });

  test('over 64 MiB is taken where the option says so', async () => {
    await using large = createRuntime({ cache: false, level: 'minimal', maxModuleBytes: 80 * 2 ** 20 });
    const module = await padded(66 * 2 ** 20);
    expect(await runtime.run({ module, invoke: 'fib', args: [10] })).toMatchObject({
      error: { code: 'INPUT_INVALID' },
    });
    const limits = { timeoutMs: 120_000 };
    expect(await large.run({ module, invoke: 'fib', args: [10], limits })).toMatchObject({ value: 55 });
  });
});
