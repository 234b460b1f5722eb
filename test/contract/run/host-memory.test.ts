import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { createRuntime, type RunOptions } from '../../../runtime/index.ts';

const MIB = 1024 * 1024;
const CALLS = 64;
/** At level `maximum` a run has five seconds, also on a machine that is busy. */
const CALLS_AT_MAXIMUM = 16;
/** Buffers of this thread that may be alive at once, bytes: what is on its way, and what waits for a collection that nobody forces. */
const MOST = 8 * MIB;

let folder: string;
const modules: Partial<Record<'pread' | 'pwrite', Uint8Array>> = {};

/** Opens a file and moves its first MiB again and again, to or from the guest's own memory. */
const moves = (act: 'pread' | 'pwrite'): string => `(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_${act}" (func $move (param i32 i32 i32 i64 i32) (result i32)))
  (memory (export "memory") 20)
  (data (i32.const 0) "large.bin")
  (data (i32.const 16) "\\00\\00\\01\\00\\00\\00\\10\\00")
  (func (export "_start") (local $turn i32)
    (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 0)
          (i64.const ${act === 'pread' ? 2 : 64}) (i64.const 0) (i32.const 0) (i32.const 32)) (then unreachable))
    (loop $again
      (if (call $move (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i64.const 0) (i32.const 40)) (then unreachable))
      (if (i32.ne (i32.load (i32.const 40)) (i32.const ${MIB})) (then unreachable))
      (br_if $again (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const ${CALLS}))))))`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-host-memory-'));
  await writeFile(join(folder, 'large.bin'), new Uint8Array(MIB).fill(65));
  const { parseWat } = await wabt();
  for (const act of ['pread', 'pwrite'] as const) {
    modules[act] = new Uint8Array(parseWat('moves.wat', moves(act)).toBinary({}).buffer);
  }
});
afterAll(() => rm(folder, { recursive: true }));

const javascript = (act: string, path = '/data/large.bin', turns = CALLS): RunOptions => ({
  language: 'javascript',
  code: `import { readFile, writeFile } from 'node:fs/promises';
    import { readFileSync } from 'node:fs';
    const path = '${path}';
    const bytes = new Uint8Array(${MIB}).fill(66);
    await writeFile(path, bytes);
    const check = (read) => { if (read.length !== bytes.length || read[${MIB - 1}] !== 66) throw new Error('other bytes'); };
    for (let turn = 0; turn < ${turns}; turn++) ${act};`,
});
const python = (mode: 'rb' | 'wb', act: string): RunOptions => ({
  language: 'python',
  code: `data = b'B' * ${MIB}
with open('/data/large.bin', 'wb') as file:
  file.write(data)
for turn in range(${CALLS}):
  with open('/data/large.bin', '${mode}') as file:
    ${act}`,
});

const GUESTS: readonly (readonly [string, () => RunOptions])[] = [
  ['JavaScript that reads', () => javascript('check(await readFile(path))')],
  ['JavaScript that reads and blocks', () => javascript('check(readFileSync(path))')],
  ['JavaScript that writes', () => javascript('await writeFile(path, bytes)')],
  ['Python that reads', () => python('rb', 'assert file.read() == data')],
  ['Python that writes', () => python('wb', 'file.write(data)')],
  ['a preview1 module that reads', () => ({ module: modules.pread ?? new Uint8Array() })],
  ['a preview1 module that writes', () => ({ module: modules.pwrite ?? new Uint8Array() })],
];

/** How far the buffers of this thread grew while the guest ran, bytes; those that it has handed over count until they are freed. */
async function grown(options: RunOptions, calls = CALLS): Promise<number> {
  const readings: number[] = [];
  await using runtime = createRuntime({
    onAudit: () => readings.push(process.memoryUsage().arrayBuffers),
  });
  expect(await runtime.run({ limits: { timeoutMs: 60_000 }, ...options })).toMatchObject({ ok: true });
  expect(readings.length).toBeGreaterThanOrEqual(calls);
  return Math.max(...readings) - (readings[0] ?? 0);
}

describe.each(['minimal', 'standard'] as const)(`${CALLS} MiB of files at level %s`, (level) => {
  test.each(GUESTS)('%s: the host holds a few MiB at a time', async (_name, make) => {
    const grant = { fs: [{ host: folder, guest: '/data', access: ['read', 'write'] as const }] };
    expect(await grown({ ...make(), level, grant })).toBeLessThan(MOST);
  });
});

test(`${CALLS_AT_MAXIMUM} MiB of files at level maximum, in a process: the host holds a few MiB at a time`, async () => {
  const options = javascript('check(await readFile(path))', '/tmp/large.bin', CALLS_AT_MAXIMUM);
  const limits = { timeoutMs: 5_000 };
  expect(await grown({ ...options, level: 'maximum', limits }, CALLS_AT_MAXIMUM)).toBeLessThan(MOST);
});
