import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunBase } from '../../runtime/contracts/api/run.ts';
import { createRuntime } from '../../runtime/index.ts';
import type { GuestValue } from '../../runtime/vocabulary/guest-value.ts';
import type { Outcome } from '../../runtime/vocabulary/outcome.ts';
import { loadGuest } from '../../scripts/build-guests.ts';

/** Of an exported function, in place of a program. */
type Call = RunBase & { readonly invoke: string; readonly args?: readonly GuestValue[] };

const MIB = 1024 * 1024;
const runtime = createRuntime({ cache: false, cells: { maxCells: 2 } });
afterAll(() => runtime.close());

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'preview1-'));
  mkdirSync(join(base, 'granted'));
  writeFileSync(join(base, 'canary.txt'), 'canary');
  writeFileSync(join(base, 'granted/a.txt'), 'inside');
  symlinkSync('../canary.txt', join(base, 'granted/link.txt'));
  symlinkSync('..', join(base, 'granted/up'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const run = async (name: string, options: RunBase | Call = {}): Promise<Outcome> =>
  runtime.run({ module: await loadGuest(`preview1/${name}`), filename: name, ...options });
const granted = (access: readonly ('read' | 'write')[] = ['read']): RunBase | Call => ({
  grant: { fs: [{ host: join(base, 'granted'), guest: '/data', access }] },
});

const LEVELS = ['minimal', 'standard'] as const;
const NOENT = 44;
const NOTCAPABLE = 76;

describe.each(LEVELS)('a preview1 program at level %s', (level) => {
  test('reads what it is granted, live', async () => {
    const outcome = await run('files.wat', { ...granted(), level, argv: ['a.txt'] });
    expect(outcome).toMatchObject({ ok: true, stdout: 'inside', exitCode: 0 });
    expect(outcome.usage.hostCalls).toEqual({ 'fs.read': 2 });
    expect(outcome.usage.fuel).toBeGreaterThan(0);
  });

  test('writes what it is granted, and nothing under a grant to read', async () => {
    const refused = await run('files.wat', { ...granted(), level, argv: ['a.txt', 'changed'] });
    expect(refused).toMatchObject({ ok: false, exitCode: NOTCAPABLE, error: { code: 'GUEST_THREW' } });
    expect(readFileSync(join(base, 'granted/a.txt'), 'utf8')).toBe('inside');
    const written = await run('files.wat', {
      ...granted(['read', 'write']),
      level,
      argv: ['new.txt', 'new'],
    });
    expect(written).toMatchObject({ ok: true });
    expect(readFileSync(join(base, 'granted/new.txt'), 'utf8')).toBe('new');
  });

  test.each([
    '../canary.txt',
    'up/canary.txt',
    'link.txt',
    'up/granted/../canary.txt',
    '/etc/passwd',
    '/proc/self/environ',
  ])('cannot read %s', async (path) => {
    for (const argv of [[path], [path, 'overwritten']]) {
      const outcome = await run('files.wat', { ...granted(['read', 'write']), level, argv });
      expect(outcome).toMatchObject({ ok: false, stdout: '', error: { code: 'GUEST_THREW' } });
      expect([NOTCAPABLE, NOENT]).toContain(outcome.exitCode);
      expect(JSON.stringify(outcome)).not.toContain(base);
    }
    expect(readFileSync(join(base, 'canary.txt'), 'utf8')).toBe('canary');
    expect(readdirSync(base).sort()).toEqual(['canary.txt', 'granted']);
  });

  test('is granted one file under its own name, and no other', async () => {
    const fs = [{ host: join(base, 'granted/a.txt'), guest: '/only.txt', access: ['read' as const] }];
    const options = { grant: { fs }, level };
    expect(await run('files.wat', { ...options, argv: ['only.txt'] })).toMatchObject({
      ok: true,
      stdout: 'inside',
    });
    for (const path of ['a.txt', 'link.txt', 'only.txt/../link.txt', '../only.txt']) {
      expect(await run('files.wat', { ...options, argv: [path] })).toMatchObject({ ok: false, stdout: '' });
    }
  });

  test('without a grant there is an empty folder of its own, and no way out of it', async () => {
    const target = join(base, 'canary.txt');
    for (const path of ['canary.txt', '../canary.txt', 'x/../../canary.txt', target, `..${target}`]) {
      const outcome = await run('files.wat', { level, argv: [path] });
      expect(outcome).toMatchObject({ ok: false, stdout: '' });
      expect([NOENT, NOTCAPABLE]).toContain(outcome.exitCode);
    }
  });

  test('is held to a list of WASI functions', async () => {
    const outcome = await run('files.wat', {
      ...granted(['read', 'write']),
      level,
      argv: ['new.txt', 'new'],
      options: { wasi: ['args_get', 'args_sizes_get', 'fd_write'] },
    });
    expect(outcome).toMatchObject({ ok: false, exitCode: NOTCAPABLE });
    expect(readdirSync(join(base, 'granted')).sort()).toEqual(['a.txt', 'link.txt', 'up']);
    expect(outcome.usage.hostCalls).toEqual({});
  });

  test('is stopped in a loop by fuel, by its deadline and by cancelling', async () => {
    expect(await run('spin.wat', { level, limits: { fuel: 5_000_000 } })).toMatchObject({
      ok: false,
      error: { code: 'FUEL_EXHAUSTED' },
    });
    expect(await run('spin.wat', { level, limits: { timeoutMs: 50 } })).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED' },
    });
    const abort = new AbortController();
    const cancelled = run('stubborn.wat', { level, signal: abort.signal });
    setImmediate(() => abort.abort());
    expect(await cancelled).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
    expect(await run('hello.wat', { level })).toMatchObject({ ok: true });
  });

  test('is stopped while it sleeps', async () => {
    expect(await run('sleep.wat', { level, limits: { timeoutMs: 50 } })).toMatchObject({
      ok: false,
      error: { code: 'DEADLINE_EXCEEDED' },
    });
    const abort = new AbortController();
    const cancelled = run('sleep.wat', { level, signal: abort.signal });
    setImmediate(() => abort.abort());
    expect(await cancelled).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
  });

  test('is stopped when it prints for ever, recurses for ever, grows for ever', async () => {
    const flood = await run('stubborn.wat', { level, invoke: 'flood', limits: { outputBytes: 5000 } });
    expect(flood).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' } });
    expect(flood.stdout.length).toBe(5000);
    expect(await run('recurse.wat', { level })).toMatchObject({
      ok: false,
      error: { code: 'STACK_EXCEEDED' },
    });
    const grown = await run('grow.wat', { level, limits: { memoryBytes: 8 * MIB } });
    expect(grown).toMatchObject({ ok: false, error: { code: 'MEMORY_EXCEEDED' } });
    expect(grown.usage.memoryBytes).toBeLessThanOrEqual(8 * MIB);
    expect(await run('grow-table.wat', { level, invoke: 'fill' })).toMatchObject({ ok: true });
    expect(await run('hello.wat', { level })).toMatchObject({ ok: true, stdout: 'to stdout\n' });
  });

  test('sees its own environment and arguments only', async () => {
    process.env.PREVIEW1_CANARY = 'canary';
    try {
      const outcome = await run('environment.wat', {
        level,
        argv: ['one', 'zwei ä'],
        grant: { env: { NAME: 'value' } },
      });
      expect(outcome).toMatchObject({ ok: true, stdout: 'environment.wat\0one\0zwei ä\0NAME=value\0' });
    } finally {
      delete process.env.PREVIEW1_CANARY;
    }
  });
});

describe('modules that never start', () => {
  test.each([
    ['giant-memory.wat', 'MEMORY_EXCEEDED'],
    ['giant-table.wat', 'MODULE_INVALID'],
    ['unknown-imports.wat', 'MODULE_INVALID'],
    ['wrong-import-type.wat', 'MODULE_INVALID'],
    ['no-memory.wat', 'MODULE_INVALID'],
    ['fake-memory.wat', 'MODULE_INVALID'],
  ])('%s is %s', async (name, code) => {
    expect(await run(name)).toMatchObject({ ok: false, error: { code } });
  });

  test('a table cannot grow past its cap', async () => {
    const outcome = await run('grow-table.wat', { invoke: 'fill' });
    expect(outcome).toMatchObject({ ok: true });
    expect(outcome.ok && outcome.value).toBeLessThanOrEqual(1_000_000);
  });
});
