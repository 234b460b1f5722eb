import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { loadGuest } from '../../scripts/build-guests.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-05');

let folder: string;
let runtime: Runtime;
let file: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-module-'));
  file = join(folder, 'fibonacci.wasm');
  writeFileSync(file, await loadGuest('preview1/numbers.wat'));
  runtime = createRuntime({ cache: false });
});
afterAll(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true });
});

test('a module may be named by its path or its file URL', async () => {
  for (const module of [file, pathToFileURL(file)]) {
    expect(await runtime.run({ module, invoke: 'fib', args: [10] })).toMatchObject({ ok: true, value: 55 });
  }
});

test('what is in the file when the run begins is what runs', async () => {
  const changing = join(folder, 'changing.wasm');
  writeFileSync(changing, await loadGuest('preview1/hello.wat'));
  expect(await runtime.run({ module: changing })).toMatchObject({ ok: true, stdout: 'to stdout\n' });
  writeFileSync(changing, await loadGuest('preview1/exit.wat'));
  expect(await runtime.run({ module: changing })).toMatchObject({ ok: false, exitCode: 3 });
});

test('an unknown export lists what there is; garbage and missing files are told', async () => {
  expect(await runtime.run({ module: file, invoke: 'nope' })).toMatchObject({
    ok: false,
    error: { code: 'INPUT_INVALID', message: expect.stringContaining('fib') },
  });
  const garbage = join(folder, 'garbage.wasm');
  writeFileSync(garbage, 'this is not wasm');
  expect(await runtime.run({ module: garbage })).toMatchObject({
    ok: false,
    error: { code: 'MODULE_INVALID' },
  });
  expect(await runtime.run({ module: join(folder, 'gone.wasm') })).toMatchObject({
    ok: false,
    error: { code: 'INPUT_INVALID', message: expect.stringContaining('no such file') },
  });
  expect(await runtime.run({ module: folder })).toMatchObject({
    ok: false,
    error: { code: 'INPUT_INVALID' },
  });
});

test('no other address is read', async () => {
  await expect(runtime.run({ module: new URL('https://example.com/a.wasm') })).rejects.toThrow(
    'not a file URL',
  );
  await expect(runtime.run({ module: '' })).rejects.toThrow(TypeError);
});

test('a file over the largest module that can be asked for is refused by its size, and not read', async () => {
  const most = 1024 * 2 ** 20;
  const path = join(folder, 'sparse.wasm');
  writeFileSync(path, '');
  truncateSync(path, most + 1); // it has no blocks
  await using large = createRuntime({ cache: false, maxModuleBytes: most });
  const before = process.memoryUsage().arrayBuffers;
  expect(await large.run({ module: path })).toMatchObject({
    ok: false,
    error: { code: 'INPUT_INVALID', details: { bytes: most + 1, maxModuleBytes: most } },
  });
  await expect(large.sessions.open({ module: path })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
});
