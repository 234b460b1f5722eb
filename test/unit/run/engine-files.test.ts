import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runWorkerJob } from '../../../runtime/cell/worker-job.ts';
import { createQuickjsEngine } from '../../../runtime/engines/quickjs/engine.ts';
import { loadWasm } from '../../../runtime/platform/load-wasm.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { loadWasmFile } from '../../../runtime/platform/node-module.ts';
import { findPyodide, readPyodide } from '../../../runtime/platform/python/pyodide-files.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { loadGuest } from '../../../scripts/build-guests.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-engine-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const caught = async (work: () => unknown): Promise<SandglassError> => {
  try {
    await work();
  } catch (error) {
    if (error instanceof SandglassError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
};

describe('loadWasmFile()', () => {
  const write = async (change: (bytes: Uint8Array) => Uint8Array): Promise<URL> => {
    const path = join(folder, 'engine.wasm');
    writeFileSync(path, change(await loadGuest('preview1/numbers.wat')));
    return pathToFileURL(path);
  };

  test.each([
    ['cut off', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ['cut off in its header', (bytes: Uint8Array) => bytes.subarray(0, 5)],
    ['empty', () => new Uint8Array()],
    ['a page of HTML', () => new TextEncoder().encode('<!doctype html>')],
  ])('tells at once that a file is %s, where it is and what builds it', async (_, change) => {
    const url = await write(change);
    const error = await caught(() => loadWasmFile(url));
    expect(error).toMatchObject({
      code: 'INTERNAL',
      message: `Cannot start an engine: ${join(folder, 'engine.wasm')} is damaged`,
      hint: '"npm run build" makes it anew',
    });
  });

  test('tells at once that a file is missing', async () => {
    expect(await caught(() => loadWasmFile(pathToFileURL(join(folder, 'gone.wasm'))))).toMatchObject({
      code: 'INTERNAL',
      message: `Cannot start an engine: ${join(folder, 'gone.wasm')} is missing`,
      hint: '"npm run build" makes it anew',
      details: { file: 'gone.wasm' },
    });
  });

  test('a run of an engine whose file does not compile says which file, and shows its caller no folder', async () => {
    // One body for no function: its sections are whole.
    const url = await write((bytes) => Uint8Array.from([...bytes.subarray(0, 8), 10, 4, 1, 2, 0, 0x0b]));
    const told: unknown[] = [];
    await using runtime = createRuntimeOn(
      {
        ...nodePlatform,
        engines: [createQuickjsEngine({ loadModule: loadWasmFile(url) })],
        hostFunctions: [],
      },
      { onError: (error, runId) => told.push([runId, String(error)]), cells: { warm: 0 } },
    );
    for (const level of ['minimal', 'standard'] as const) {
      const outcome = await runtime.run({ language: 'javascript', code: '1', level, runId: `run-${level}` });
      expect(outcome).toMatchObject({
        ok: false,
        error: {
          code: 'INTERNAL',
          message: 'Cannot start an engine: engine.wasm is damaged',
          hint: '"npm run build" makes it anew',
        },
      });
      expect(JSON.stringify(outcome)).not.toContain(folder);
    }
    expect(told).toEqual(
      ['run-minimal', 'run-standard'].map((id) => [id, expect.stringContaining('CompileError')]),
    );
  });
});

test('loadWasm() says which file is not served, or is not wasm', async () => {
  const served = 'data:application/wasm;base64,AGFzbQEAAAA=';
  expect((await loadWasm(new URL(served))()).module).toBeInstanceOf(WebAssembly.Module);
  for (const url of ['data:text/html,/quickjs.wasm', 'http://127.0.0.1:1/assets/quickjs.wasm']) {
    expect(await caught(() => loadWasm(new URL(url))())).toMatchObject({
      code: 'INTERNAL',
      message: 'Cannot start an engine: quickjs.wasm cannot be loaded',
      hint: expect.stringContaining('wasm.quickjs'),
      details: { file: 'quickjs.wasm' },
    });
  }
});

describe('the files of Python', () => {
  const own = dirname(createRequire(import.meta.url).resolve('pyodide/package.json'));
  const FILES = [
    'pyodide.js',
    'pyodide.asm.mjs',
    'python_stdlib.zip',
    'pyodide.asm.wasm',
    'pyodide-lock.json',
  ];
  beforeEach(() => {
    for (const name of [...FILES, 'package.json']) copyFileSync(join(own, name), join(folder, name));
  });

  test.each(FILES)('%s is missed at once, and when it is read', async (name) => {
    unlinkSync(join(folder, name));
    expect((await caught(() => findPyodide(folder))).message).toBe(
      `Cannot start an engine: ${join(folder, name)} is missing`,
    );
    expect((await caught(() => readPyodide(folder))).message).toBe(
      `Cannot start an engine: ${name} is missing`,
    );
  });

  test.each(FILES.slice(2))('%s that is cut off is told by its name', async (name) => {
    truncateSync(join(folder, name), readFileSync(join(folder, name)).length - 1);
    const error = await caught(() => readPyodide(folder));
    expect(error.message).toBe(`Cannot start an engine: ${basename(name)} is damaged`);
    truncateSync(join(folder, name), 0);
    expect((await caught(() => findPyodide(folder))).message).toContain('is damaged');
  });

  test('whole ones are read', async () => {
    expect(findPyodide(folder).version).toMatch(/^\d+\.\d+\.\d+/);
    expect((await readPyodide(folder)).loader).toContain('loadPyodide');
  });
});

test('a job whose own code cannot be loaded is a fault of ours, not of the module, and names no folder', async () => {
  const gone = new URL('../../../runtime/engines/component/glue/gone.ts', import.meta.url).href;
  const error = await caught(() => runWorkerJob(gone, {}, { timeoutMs: 30_000, memoryMb: 64 }));
  expect(error).toMatchObject({
    code: 'INTERNAL',
    message: 'Cannot prepare the module: what gone.ts needs cannot be loaded',
    hint: '"npm ci" installs it anew',
  });
  expect(JSON.stringify(error)).not.toContain(dirname(new URL(gone).pathname));
  expect(String(error.cause)).toContain('Cannot find module');
});
