import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifies } from '../support/verifies.ts';

verifies('ER-07');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CANARY = 'canary-of-the-operator';
let copy = '';
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'sandglass-copy-'));
  for (const name of ['runtime', 'host-functions', 'guest-tools', 'package.json']) {
    cpSync(join(ROOT, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.endsWith('quickjs.wasm'),
    });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true }));

const cli = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['runtime/doors/cli/main.ts', ...args], {
    cwd: copy,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', OPERATOR: CANARY },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};
const missing = (): string => join(copy, 'runtime', 'engines', 'quickjs', 'quickjs.wasm');

test('without its engine file the command line says which, and what builds it, and shows no stack', () => {
  const { status, stdout, stderr } = cli('eval', '1');
  expect([status, stdout]).toEqual([5, '']);
  expect(stderr).toBe(
    `INTERNAL Cannot start an engine: ${missing()} is missing\nhint: "npm run build" makes it anew\n`,
  );
  const server = cli('serve', '--port=0');
  expect([server.status, server.stderr]).toEqual([5, stderr]);
});

test('doctor tells it, and ends with 5', () => {
  const { status, stdout, stderr } = cli('doctor');
  expect([status, stderr]).toEqual([5, '']);
  expect(stdout).toContain(
    `Missing\n  engines cannot run: Cannot start an engine: ${missing()} is missing\n    "npm run build" makes it anew\n`,
  );
  expect(JSON.parse(cli('doctor', '--json').stdout)).toMatchObject({
    platform: null,
    engines: [],
    missing: [
      { what: expect.stringContaining('quickjs.wasm is missing'), how: '"npm run build" makes it anew' },
    ],
  });
});

test('what is missing of the shell fails the shell only', () => {
  const about = join(copy, 'guest-tools', 'shell', 'shell.json');
  const code = `import { createRuntime } from './runtime/index.ts';
    await using runtime = createRuntime();
    const shell = await runtime.run({ language: 'shell', code: 'true' });
    const other = await runtime.run({ language: 'javascript', code: '7' });
    console.log(runtime.engines().some(({ name }) => name === 'shell'), shell.ok ? 'ok' : shell.error.code, other.value);`;
  cpSync(join(ROOT, 'runtime', 'engines', 'quickjs', 'quickjs.wasm'), missing());
  renameSync(about, `${about}.away`);
  try {
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: copy,
      encoding: 'utf8',
    });
    expect(stdout).toBe('true INTERNAL 7\n');
  } finally {
    renameSync(`${about}.away`, about);
    rmSync(missing());
  }
});
