import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadGuest } from '../../scripts/build-guests.ts';
import { ROOT } from './portability/bundle.ts';

const HERE = join(ROOT, 'test/runtimes');
const ENTRY = join(ROOT, 'dist/runtime/index.js');

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-runtimes-'));
  writeFileSync(join(folder, 'a.txt'), 'hi');
  writeFileSync(join(folder, 'numbers.wasm'), await loadGuest('preview1/numbers.wat'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const smoke = async (command: string, args: readonly string[] = []) => {
  const all = [...args, join(HERE, 'smoke.mjs'), ENTRY, join(folder, 'numbers.wasm'), folder];
  const { stdout } = await promisify(execFile)(command, all, { timeout: 110_000 });
  return JSON.parse(stdout);
};

const WORKS = {
  script: [1, 4, 9],
  typescript: 3,
  module: 6765,
  endless: 'DEADLINE_EXCEEDED',
  fuel: 'FUEL_EXHAUSTED',
  file: 'hi',
  denied: 'CAPABILITY_DENIED',
};

test('on Node every level is given, and holds', async () => {
  expect(await smoke(process.execPath)).toMatchObject({
    ...WORKS,
    platform: { name: 'node', levels: ['minimal', 'standard', 'strict', 'maximum'], hardKill: true },
    levels: { minimal: [1, 4, 9], standard: [1, 4, 9], strict: [1, 4, 9], maximum: [1, 4, 9] },
  });
});

describe.each([
  ['deno', ['run', '--allow-all']],
  ['bun', []],
] as const)('on %s', (name, args) => {
  const command = join(HERE, 'node_modules/.bin', name);
  test.skipIf(!existsSync(command))(
    'guests run at the one level that holds there, and no other is promised (not run without: npm install --prefix test/runtimes)',
    async () => {
      expect(await smoke(command, args)).toMatchObject({
        ...WORKS,
        platform: { name, levels: ['minimal'], workers: false, processes: false, hardKill: false },
        levels: {
          minimal: [1, 4, 9],
          standard: 'UNSUPPORTED',
          strict: 'UNSUPPORTED',
          maximum: 'UNSUPPORTED',
        },
        python: 'UNSUPPORTED',
      });
    },
  );
});
