import { describe, expect, test } from 'vitest';
import { createRuntime } from '../../../runtime/index.ts';
import { GUEST_FILES, readCollect, readFiles } from '../../../runtime/vocabulary/guest-file.ts';
import { matchesScratch } from '../../../runtime/vocabulary/scratch-glob.ts';
import { verifies } from '../../support/verifies.ts';

verifies('XT-01');

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe('readFiles()', () => {
  test('takes text and bytes, with the scratch folder in the path or without', () => {
    const own = new Uint8Array([1, 2]);
    const files = readFiles({ 'a.csv': 'ü', '/tmp/b/c.bin': own, './d': '' });
    own[0] = 9;
    expect(files.map(({ path, bytes }) => [path, [...bytes]])).toEqual([
      ['a.csv', [0xc3, 0xbc]],
      ['b/c.bin', [1, 2]],
      ['d', []],
    ]);
  });

  test.each<[string, unknown, ErrorConstructor, string]>([
    ['a list', [], TypeError, 'not an object'],
    ['a path out of the folder', { '../a': '' }, TypeError, '"../a"'],
    ['a path elsewhere', { '/etc/passwd': '' }, TypeError, '/tmp'],
    ['an empty name', { 'a//b': '' }, TypeError, 'plain path'],
    ['NUL', { 'a\0': '' }, TypeError, 'plain path'],
    ['a number', { a: 1 }, TypeError, 'neither text nor bytes'],
    ['one file twice', { a: '', '/tmp/a': '' }, TypeError, 'two of files'],
    ['a file that is a folder of another', { a: '', 'a/b': '' }, TypeError, '"a" of files'],
    ['too many bytes', { a: new Uint8Array(GUEST_FILES.maxBytes) }, RangeError, 'bytes'],
    ['text whose bytes are too many', { a: 'ü'.repeat(GUEST_FILES.maxBytes / 2) }, RangeError, 'bytes'],
    [
      'too many files',
      Object.fromEntries(Array.from({ length: GUEST_FILES.maxFiles + 1 }, (_, i) => [`f${i}`, ''])),
      RangeError,
      '1001 files',
    ],
  ])('refuses %s', (_what, files, kind, message) => {
    expect(() => readFiles(files)).toThrow(kind);
    expect(() => readFiles(files)).toThrow(message);
  });

  test('readCollect() refuses what is not a list of paths in the folder', () => {
    expect(readCollect(['out/*.png', '/tmp/**'])).toEqual(['out/*.png', '**']);
    for (const wrong of ['a', [1], ['../x'], ['/data/x']])
      expect(() => readCollect(wrong)).toThrow(TypeError);
  });
});

test.each([
  ['a.csv', 'a.csv', true],
  ['*.csv', 'a.csv', true],
  ['*.csv', 'b/a.csv', false],
  ['**/*.csv', 'a.csv', true],
  ['**/*.csv', 'b/c/a.csv', true],
  ['**', 'b/c', true],
  ['b/**', 'b', true],
  ['?.c', 'a.c', true],
  ['?.c', 'aa.c', false],
  ['a*b*c', 'a-b-b-c', true],
  ['[a]', 'a', false],
  ['**/x/**/y', 'x/x/a/y', true],
  ['**/x/**/y', 'x/x/a/z', false],
])('matchesScratch(%j, %j) is %j', (pattern, path, is) => {
  expect(matchesScratch(pattern, path)).toBe(is);
});

describe('files of a run', () => {
  const code = `
    const fs = await import('node:fs/promises');
    const table = await fs.readFile('table.csv', 'utf8');
    await fs.mkdir('out');
    await fs.writeFile('out/sum.txt', String(table.split(',').map(Number).reduce((a, b) => a + b)));
    await fs.writeFile('/tmp/out/raw.bin', new Uint8Array([0, 255]));
    await fs.writeFile('ignored', 'x');
    export default (await fs.readdir('.')).sort();`;

  test('go in and come out with no grant, at every level', async () => {
    await using runtime = createRuntime();
    for (const level of ['minimal', 'standard', 'strict', 'maximum'] as const) {
      const outcome = await runtime.run({
        language: 'js',
        code,
        level,
        files: { 'table.csv': '1,2,39' },
        collect: ['out/*'],
      });
      expect(outcome).toMatchObject({ ok: true, value: ['ignored', 'out', 'table.csv'] });
      expect(Object.keys(outcome.files ?? {})).toEqual(['out/raw.bin', 'out/sum.txt']);
      expect(text(outcome.files?.['out/sum.txt'])).toBe('42');
      expect([...(outcome.files?.['out/raw.bin'] ?? [])]).toEqual([0, 255]);
    }
  });

  test('are given back of a program that failed, and are not there without collect', async () => {
    await using runtime = createRuntime({ level: 'minimal' });
    const failing = `import fs from 'node:fs'; fs.writeFileSync('log', 'so far'); throw new Error('late');`;
    const failed = await runtime.run({ language: 'js', code: failing, collect: ['log', 'other'] });
    expect(failed).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    expect(text(failed.files?.log)).toBe('so far');
    expect(await runtime.run({ language: 'js', code: '1' })).not.toHaveProperty('files');
  });

  test('that are too many to come out end the run with OUTPUT_EXCEEDED', async () => {
    await using runtime = createRuntime({ level: 'minimal' });
    const many = `import fs from 'node:fs'; for (let i = 0; i <= 1000; i++) fs.writeFileSync('f' + i, '');`;
    expect(
      await runtime.run({ language: 'js', code: many, collect: ['**'], limits: { hostCalls: 5_000 } }),
    ).toMatchObject({ ok: false, error: { code: 'OUTPUT_EXCEEDED' }, files: {} });
  });

  test('a link is not followed on the way out', async () => {
    await using runtime = createRuntime({ level: 'minimal' });
    const outcome = await runtime.run({
      language: 'js',
      code: `import fs from 'node:fs'; fs.writeFileSync('a', '1'); fs.symlinkSync('a', 'b');`,
      collect: ['*'],
    });
    expect(Object.keys(outcome.files ?? {})).toEqual(['a']);
  });

  test('cannot be given where a granted folder takes the place of the scratch folder', async () => {
    await using runtime = createRuntime({ level: 'minimal' });
    const grant = { fs: [{ host: '.', guest: '/tmp' }] };
    expect(await runtime.run({ language: 'js', code: '1', files: { a: '' }, grant })).toMatchObject({
      ok: false,
      error: { code: 'UNSUPPORTED' },
    });
  });
});

describe('files of a Python run', () => {
  const python = `
import os, pathlib
import helper
os.makedirs('out', exist_ok=True)
rows = [int(n) for n in open('table.csv').read().split(',')]
pathlib.Path('out/sum.txt').write_text(str(helper.add(rows)))
open('/tmp/out/raw.bin', 'wb').write(bytes([0, 255]))
open('out/empty', 'w').close()
os.symlink('/tmp/out/raw.bin', 'out/link')
os.getcwd()`;
  const files = { 'table.csv': '1,2,39', 'helper.py': 'add = sum' };

  test('go in and come out with no grant, in a run and in a session', async () => {
    await using runtime = createRuntime();
    await using session = await runtime.sessions.open({ language: 'py' });
    for (const run of [
      () => runtime.run({ language: 'py', code: python, files, collect: ['out/*'] }),
      () => session.run({ code: python, files, collect: ['out/*'] }),
      () => session.run({ code: '1', collect: ['**/*.txt'] }),
    ]) {
      const outcome = await run();
      expect(outcome).toMatchObject({ ok: true });
      expect(text(outcome.files?.['out/sum.txt'])).toBe('42');
      if (outcome.ok && outcome.value === 1) continue;
      expect(outcome).toMatchObject({ value: '/tmp' });
      expect(Object.keys(outcome.files ?? {})).toEqual(['out/empty', 'out/raw.bin', 'out/sum.txt']);
      expect([...(outcome.files?.['out/raw.bin'] ?? [])]).toEqual([0, 255]);
      expect(outcome.files?.['out/empty']).toEqual(new Uint8Array());
    }
  });

  test('are bounded on the way out', async () => {
    await using runtime = createRuntime();
    const many = `for i in range(1001): open(f'f{i}', 'w').close()`;
    const large = `open('big', 'wb').write(bytes(17 * 2**20))`;
    for (const code of [many, large]) {
      expect(await runtime.run({ language: 'py', code, collect: ['**'] })).toMatchObject({
        ok: false,
        error: { code: 'OUTPUT_EXCEEDED' },
        files: {},
      });
      expect(await runtime.run({ language: 'py', code, collect: ['other'] })).toMatchObject({
        ok: true,
        files: {},
      });
    }
  });

  test('are given back of a program that failed or exited', async () => {
    await using runtime = createRuntime();
    const write = `open('log', 'w').write('so far')`;
    for (const end of ['raise ValueError(1)', 'import sys; sys.exit(3)']) {
      const outcome = await runtime.run({ language: 'py', code: `${write}\n${end}`, collect: ['log'] });
      expect(outcome).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
      expect(text(outcome.files?.log)).toBe('so far');
    }
  });
});
