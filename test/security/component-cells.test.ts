import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { createRuntime } from '../../runtime/index.ts';
import { commandGuest, probeGuest } from '../guests/component/build.ts';

const CANARY = 'canary that no guest may read';

let root: string;
let command: Uint8Array;
let probe: Uint8Array;

beforeAll(async () => {
  [command, probe] = [await commandGuest(), await probeGuest()];
  root = await mkdtemp(join(tmpdir(), 'sandglass-component-'));
  await mkdir(join(root, 'granted/inner'), { recursive: true });
  await writeFile(join(root, 'secret.txt'), CANARY);
  await writeFile(join(root, 'granted/open.txt'), 'open');
  await symlink(join(root, 'secret.txt'), join(root, 'granted/link'));
  await symlink('..', join(root, 'granted/inner/up'));
  process.env.SANDGLASS_CANARY = CANARY;
});

afterAll(async () => {
  delete process.env.SANDGLASS_CANARY;
  await rm(root, { recursive: true });
});

describe.each(['minimal', 'standard', 'strict'] as const)('components at level %s', (level) => {
  let runtime: Runtime;
  beforeAll(() => {
    runtime = createRuntime({ level, cache: false });
  });
  afterAll(() => runtime.close());

  const grant = () => ({ fs: [{ host: join(root, 'granted'), guest: '/data' }] });
  const runCommand = (...argv: string[]) => runtime.run({ module: command, argv, grant: grant() });

  test('a command reads what is granted', async () => {
    const outcome = await runCommand('read', 'open.txt');
    expect(outcome).toMatchObject({ ok: true, stdout: 'open' });
    expect(outcome.usage.hostCalls).toMatchObject({ 'fs.read': expect.any(Number) });
  });

  test.each([
    '../secret.txt',
    'link',
    'inner/up/../../secret.txt',
    'inner/../../secret.txt',
    './../granted/../secret.txt',
  ])('no path leads out of the folder: %s', async (path) => {
    const outcome = await runCommand('read', path);
    expect(outcome.stdout).toMatch(/^errno \d+\n$/);
    expect(JSON.stringify(outcome)).not.toContain(CANARY);
    expect(JSON.stringify(outcome)).not.toContain(root);
  });

  test('nothing is written without write access', async () => {
    const before = await readdir(join(root, 'granted'));
    expect((await runCommand('write', 'new.txt', 'x')).stdout).toMatch(/^errno \d+\n$/);
    expect((await runCommand('mkdir', 'folder')).stdout).toMatch(/^errno [1-9]\d*\n$/);
    expect((await runCommand('unlink', 'open.txt')).stdout).toMatch(/^errno [1-9]\d*\n$/);
    expect(await readdir(join(root, 'granted'))).toEqual(before);
    expect(await readFile(join(root, 'granted/open.txt'), 'utf8')).toBe('open');
  });

  test('the environment of the host is not there', async () => {
    const outcome = await runtime.run({ module: command, argv: ['env'], grant: { env: { ONLY: 'this' } } });
    expect(outcome.stdout).toBe('ONLY=this\n');
  });

  test('a denial that a tool lets through has its own code', async () => {
    const outcome = await runtime.run({
      module: probe,
      inputs: { step: 'fs', call: 'readText', args: ['/elsewhere'] },
      grant: grant(),
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
  });

  test.each([
    ['FUEL_EXHAUSTED', { fuel: 20_000_000 }, 'spin'],
    ['OUTPUT_EXCEEDED', { outputBytes: 1000 }, 'flood'],
    ['DEADLINE_EXCEEDED', { timeoutMs: 300 }, 'spin'],
    ['MEMORY_EXCEEDED', { memoryBytes: 4 * 1024 * 1024 }, 'allocate'],
  ] as const)('%s ends a run, and the next one works', async (code, limits, step) => {
    const outcome = await runtime.run({ module: command, argv: [step], limits });
    expect(outcome).toMatchObject({ ok: false, error: { code } });
    expect(await runtime.run({ module: command, argv: ['print', 'next', ''] })).toMatchObject({
      ok: true,
      stdout: 'next',
    });
  });

  test('a wait ends at the deadline', async () => {
    const outcome = await runtime.run({
      module: command,
      argv: ['sleep', '3600000'],
      limits: { timeoutMs: 200 },
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
  });

  test('runs side by side keep their folders apart', async () => {
    const outcomes = await Promise.all([
      runCommand('read', 'open.txt'),
      runtime.run({ module: command, argv: ['read', 'open.txt'] }),
      runCommand('read', 'open.txt'),
    ]);
    expect(outcomes.map(({ stdout }) => stdout)).toEqual(['open', 'errno 44\n', 'open']);
  });
});
