import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../../../runtime/doors/cli/cli.ts';
import { readNames } from '../../../../runtime/doors/cli/package-flags.ts';
import { findPipIndex } from '../../../../runtime/doors/cli/pip-index.ts';
import { createFakeContext } from '../../../support/cli-context.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sandglass-cli-packages-'));
  writeFileSync(join(home, 'main.py'), 'print(1)\n');
});
afterEach(() => rmSync(home, { recursive: true }));

const INDEX = 'http://localhost:9/simple/';

describe('--with', () => {
  test('names packages; flags and environment say where they come from', async () => {
    const context = createFakeContext({ cwd: home, env: { SANDGLASS_INDEX: INDEX, SANDGLASS_WHEELS: 'w' } });
    expect(
      await runCli(
        ['run', 'main.py', '--with=numpy,attrs>=23,<24', '--with', 'x[y,z]', '--offline'],
        context,
      ),
    ).toBe(0);
    expect(context.runtime.runs[0]?.packages).toEqual(['numpy', 'attrs>=23,<24', 'x[y,z]']);
    expect(context.created[0]?.packages).toEqual({ wheels: join(home, 'w'), index: INDEX, offline: true });
  });

  test('flags come before the environment, and without either nothing is fetched', async () => {
    const context = createFakeContext({ cwd: home, env: { SANDGLASS_INDEX: 'http://localhost:1/' } });
    await runCli(['run', 'main.py', `--index=${INDEX}`], context);
    expect(context.created[0]?.packages).toEqual({ index: INDEX });
    const bare = createFakeContext({ cwd: home });
    await runCli(['run', 'main.py'], bare);
    expect(bare.created[0]).not.toHaveProperty('packages');
    expect(bare.runtime.runs[0]).not.toHaveProperty('packages');
  });

  test('takes the index that pip is configured with', async () => {
    const context = createFakeContext({ cwd: home, env: { PIP_INDEX_URL: INDEX } });
    await runCli(['eval', '1', '--lang=python', '--with=numpy'], context);
    expect(context.created[0]?.packages).toEqual({ index: INDEX, release: true });
  });

  test("asks Pyodide's release last, or where a flag or the environment says that it lies", async () => {
    const there = async (args: readonly string[], env: Record<string, string>): Promise<unknown> => {
      const context = createFakeContext({ cwd: home, env: { SANDGLASS_INDEX: INDEX, ...env } });
      expect(await runCli(['run', 'main.py', ...args], context)).toBe(0);
      return context.created[0]?.packages;
    };
    const mirror = 'http://localhost:9/full/';
    const byEnvironment = { SANDGLASS_BASE_URL: mirror };
    expect(await there(['--with=numpy'], {})).toEqual({ index: INDEX, release: true });
    expect(await there(['--with=numpy'], byEnvironment)).toEqual({ index: INDEX, baseUrl: mirror });
    expect(await there(['--base-url=http://localhost:8/'], byEnvironment)).toEqual({
      index: INDEX,
      baseUrl: 'http://localhost:8/',
    });
    expect(await there(['--with=numpy', '--wheels=w'], {})).toEqual({
      index: INDEX,
      wheels: join(home, 'w'),
    });
  });

  test('says what to do where there is no source', async () => {
    const context = createFakeContext({ cwd: home, env: { HOME: home, PATH: home } });
    expect(await runCli(['run', 'main.py', '--with=numpy'], context)).toBe(2);
    expect(context.err()).toContain('--wheels=FOLDER or --index=URL');
  });
});

describe('packages fetch', () => {
  test('fetches and prints a table', async () => {
    const context = createFakeContext({ cwd: home, env: { SANDGLASS_INDEX: INDEX } });
    expect(await runCli(['packages', 'fetch', 'a', 'b>=1'], context)).toBe(0);
    expect(context.fetched).toEqual([{ sources: { index: INDEX, release: true }, names: ['a', 'b>=1'] }]);
    expect(context.out()).toMatch(
      /package +version +unpacked +from +wheel\na +1\.0 +2 KiB +index +a-1\.0-py3-none-any\.whl\n/,
    );
    expect(context.err()).toContain('downloading a-1.0-py3-none-any.whl');
  });

  test.each([
    [['packages'], 'say what'],
    [['packages', 'fetsh', 'a'], 'Unknown action "fetsh"'],
    [['packages', 'fetch'], 'give the names'],
  ])('%j is a mistake', async (args, text) => {
    const context = createFakeContext({ cwd: home, env: { SANDGLASS_INDEX: INDEX } });
    expect(await runCli(args, context)).toBe(2);
    expect(context.err()).toContain(text);
  });
});

test('readNames() keeps the versions of one package together', () => {
  expect(readNames(['numpy, pandas>=3,<4 ,a[b,c]==1', ''])).toEqual(['numpy', 'pandas>=3,<4', 'a[b,c]==1']);
});

describe('findPipIndex()', () => {
  const configured = (text: string): string => {
    const file = join(home, 'pip.conf');
    writeFileSync(file, text);
    return file;
  };
  test.each([
    [`[global]\nindex-url = ${INDEX}\n`, INDEX],
    [`[install]\nindex-url=http://localhost:2/\n[global]\nindex-url: ${INDEX}\n`, INDEX],
    [`# index-url = http://localhost:3/\n[install]\nindex_url = ${INDEX}`, INDEX],
  ])('reads %j', async (text, expected) => {
    expect(await findPipIndex({ HOME: home, PATH: home, PIP_CONFIG_FILE: configured(text) })).toBe(expected);
  });

  test('answers nothing where nobody knows', async () => {
    expect(await findPipIndex({ HOME: home, XDG_CONFIG_HOME: home, PATH: home })).toBeUndefined();
  });
});
