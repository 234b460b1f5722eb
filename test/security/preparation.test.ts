import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runWorkerJob } from '../../runtime/cell/worker-job.ts';
import { compileFairly } from '../../runtime/platform/compile-fairly.ts';
import { inspectUpload } from '../../runtime/platform/inspect-upload.ts';
import { openFileCache } from '../../runtime/platform/node-cache.ts';
import { withinDeadline } from '../../runtime/run/within-deadline.ts';
import { joinInSlices } from '../../runtime/vocabulary/in-slices.ts';
import { turnsDuring } from '../support/turns-during.ts';

const never = new Promise<never>(() => undefined);
const job = (path: string): string => new URL(`../../runtime/${path}`, import.meta.url).href;
const INSTRUMENT = job('engines/preview1/instrument-job.ts');

describe('withinDeadline()', () => {
  test('ends a run whose guest is not ready in time', async () => {
    const { signal } = new AbortController();
    await expect(withinDeadline(never, { signal, name: 'a.wasm', timeoutMs: 1 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: 'Cannot run a.wasm: making it ready took over its 1 ms',
    });
  });

  test('ends a run that is cancelled meanwhile, or before', async () => {
    const abort = new AbortController();
    const waiting = withinDeadline(never, { signal: abort.signal, name: 'a.wasm', timeoutMs: 60_000 });
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(withinDeadline(never, { signal: abort.signal, name: 'a.js' })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  test('gives what is ready, and what failed as it failed', async () => {
    const { signal } = new AbortController();
    const limits = { signal, name: 'a.wasm', timeoutMs: 60_000 };
    await expect(withinDeadline(Promise.resolve(7), limits)).resolves.toBe(7);
    await expect(withinDeadline(Promise.reject(new TypeError('mine')), limits)).rejects.toThrow('mine');
  });
});

describe('runWorkerJob()', () => {
  const limits = { timeoutMs: 60_000, memoryMb: 256 };

  test('passes on what our own code refuses, with its code', async () => {
    const input = { bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), name: 'mine.wasm' };
    await expect(runWorkerJob(INSTRUMENT, input, limits)).rejects.toMatchObject({
      code: 'MODULE_INVALID',
      message: 'Cannot load "mine.wasm": it is a component, not a core module',
    });
  });

  test('tells one line of anything else, and no file of ours', async () => {
    const failure = await runWorkerJob(job('cell/compile-job.ts'), Uint8Array.of(1, 2, 3, 4), limits).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'MODULE_INVALID' });
    const { message } = failure as Error;
    expect(message).toMatch(/^Cannot prepare the module: /);
    expect(message).not.toMatch(/\n|\.ts|\.js|-job/);
  });

  test('ends a job that takes too long', async () => {
    const input = { bytes: new Uint8Array(8), name: 'a.wasm' };
    await expect(runWorkerJob(INSTRUMENT, input, { timeoutMs: 1, memoryMb: 256 })).rejects.toMatchObject({
      message: 'Cannot prepare the module: it took over 1 ms',
    });
  });
});

describe('large binaries', () => {
  const MIB = 1024 ** 2;
  test('are copied in turns of 8 MiB', async () => {
    const part = crypto.getRandomValues(new Uint8Array(65_536));
    const parts = Array.from({ length: 400 }, () => part);
    const { value, turns } = await turnsDuring(() => joinInSlices(parts));
    expect(Buffer.compare(value, Buffer.concat(parts))).toBe(0);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  test('are looked at in a worker when they are uploaded, and stay with whoever sent them', async () => {
    const module = Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 0x66, 0, 0, 10, 4, 1, 2, 0, 0x0b],
      ...[0, 0x82, 0x80, 0x80, 1, 1, 0x61],
      ...new Uint8Array(2 * MIB),
    ]);
    const before = Buffer.from(module);
    const { value, turns } = await turnsDuring(() => inspectUpload(module));
    expect(value).toEqual({ kind: 'module', exports: ['f'] });
    expect(turns).toBeGreaterThan(0);
    expect(Buffer.compare(module, before)).toBe(0);
    await expect(inspectUpload(module.subarray(0, MIB))).rejects.toMatchObject({ code: 'MODULE_INVALID' });
    await expect(inspectUpload(module.subarray(0, 30))).rejects.toMatchObject({ code: 'MODULE_INVALID' });
  });

  test('are kept and found in a cache in turns', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sandglass-large-'));
    try {
      const cache = openFileCache(root);
      const bytes = new Uint8Array(20 * MIB).fill(7);
      expect((await turnsDuring(() => cache.set('large', bytes))).turns).toBeGreaterThanOrEqual(4);
      const { value, turns } = await turnsDuring(() => cache.get('large'));
      expect(value?.byteLength).toBe(bytes.byteLength);
      expect(turns).toBeGreaterThanOrEqual(4);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe('compileFairly()', () => {
  const empty = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const custom = (size: number): Uint8Array<ArrayBuffer> => {
    const length = size + 2;
    const leb = [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
    return Uint8Array.from([...empty, 0, ...leb, 1, 0x78, ...new Array<number>(size).fill(0)]);
  };

  test.each([10, 100_000])('compiles a module with %i bytes', async (size) => {
    expect(await compileFairly(custom(size))).toBeInstanceOf(WebAssembly.Module);
  });

  test('rejects what is none', async () => {
    await expect(compileFairly(new Uint8Array(10))).rejects.toThrow(WebAssembly.CompileError);
    await expect(compileFairly(new Uint8Array(100_000))).rejects.toThrow(WebAssembly.CompileError);
  });
});
