import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printsPattern, runBlocks } from './code-blocks.ts';
import { compileBlocks, prepareFolder, runBlock } from './run-block.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENTS = ['README.md', 'ARCHITECTURE.md', 'THREAT_MODEL.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

const read = (document: string): string => readFileSync(join(ROOT, document), 'utf8');

describe.each(DOCUMENTS)('%s', (document) => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sandglass-docs-'));
    await prepareFolder(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('every relative link leads to a file', () => {
    const links = [...read(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, path]) => path ?? '',
    );
    expect(links.filter((path) => !existsSync(join(ROOT, dirname(document), path)))).toEqual([]);
  });

  test('every path in backticks that names a source file leads to one', () => {
    const paths = [
      ...read(document).matchAll(/`((?:runtime|host-functions|scripts|test|wit|guest-tools)\/[\w./-]+)`/g),
    ];
    expect(paths.map(([, path]) => path ?? '').filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('its TypeScript blocks compile under strict', async () => {
    const blocks = runBlocks(read(document)).filter(({ language }) => language === 'ts');
    if (blocks.length > 0)
      expect(await compileBlocks(blocks, folder)).toMatchObject({ exitCode: 0, stdout: '' });
  });

  for (const block of existsSync(join(ROOT, document)) ? runBlocks(read(document)) : []) {
    test(`the ${block.language} block at line ${block.line} runs as it says`, {
      timeout: 60_000,
    }, async () => {
      const ended = await runBlock(block, folder);
      expect(ended.exitCode, ended.stderr).toBe(block.exitCode);
      if (block.prints !== undefined) expect(ended.stdout).toMatch(printsPattern(block.prints));
    });
  }
});

test('README.md has blocks that run', () => {
  const blocks = runBlocks(read('README.md'));
  expect(blocks.filter(({ language }) => language === 'ts').length).toBeGreaterThan(4);
  expect(blocks.filter(({ language }) => language === 'sh').length).toBeGreaterThan(1);
});
