import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeBlocks, printsPattern } from './code-blocks.ts';
import { DOCUMENTS, exists, ROOT, readDocument } from './documents.ts';
import { compileBlocks, createReader, type Reader } from './run-block.ts';

const SCRIPTS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
).scripts;

let folder = '';
let reader: Reader;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-docs-'));
  reader = await createReader(folder);
});
afterAll(async () => {
  await reader[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The id that a heading has on the pages of the usual hosts. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): Set<string> =>
  new Set([...readDocument(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => anchorOf(heading ?? '')));

describe.each(DOCUMENTS)('%s', (page) => {
  const markdown = readDocument(page);
  const blocks = codeBlocks(markdown);

  test('every relative link leads to a file, and to a heading of it', () => {
    const links = [...markdown.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    const broken = links.filter(([, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path);
      return !exists(target) || (anchor !== undefined && !anchorsOf(target).has(anchor));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test('every path in backticks that names a source file leads to one', () => {
    const paths = [
      ...markdown.matchAll(/`((?:runtime|host-functions|scripts|test|wit|guest-tools|examples)\/[\w./-]+)`/g),
    ];
    expect(paths.map(([, path]) => path ?? '').filter((path) => !exists(path))).toEqual([]);
  });

  test('every block of code says what is done with it', () => {
    expect(
      blocks.filter(({ use }) => use === undefined).map(({ line, language }) => [line, language]),
    ).toEqual([]);
  });

  test('every npm script that is named is one', () => {
    const named = [...markdown.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !Object.hasOwn(SCRIPTS, name))).toEqual([]);
  });

  for (const block of blocks.filter(({ use }) => use === 'run' || use === 'guest')) {
    test(`the ${block.language} block at line ${block.line} runs as it says`, async () => {
      const ended = await reader.run(block);
      expect(ended.exitCode, `${ended.stderr}\n${ended.stdout}`).toBe(block.exitCode);
      if (block.prints !== undefined) expect(ended.stdout).toMatch(printsPattern(block.prints));
    });
  }
});

describe.each(['node', 'browser', 'workerd'] as const)('blocks for %s', (platform) => {
  test('compile under strict', async () => {
    const blocks = DOCUMENTS.flatMap((page) => codeBlocks(readDocument(page)))
      .filter(({ language }) => language === 'ts')
      .filter(({ marks }) => (/\b(browser|workerd)\b/.exec(marks)?.[1] ?? 'node') === platform);
    expect(blocks.length).toBeGreaterThan(0);
    expect(await compileBlocks(blocks, folder, platform)).toMatchObject({ exitCode: 0, stdout: '' });
  });
});

test('README.md is short, and has blocks that run', () => {
  const markdown = readDocument('README.md');
  expect(markdown.split('\n').length).toBeLessThanOrEqual(201);
  const blocks = codeBlocks(markdown).filter(({ use }) => use === 'run');
  expect(blocks.filter(({ language }) => language === 'ts').length).toBeGreaterThan(2);
  expect(blocks.filter(({ language }) => language === 'sh').length).toBeGreaterThan(1);
});

test('docs/README.md names every page', () => {
  const index = readDocument('docs/README.md');
  const pages = DOCUMENTS.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(pages.filter((page) => !index.includes(`(${page.slice('docs/'.length)})`))).toEqual([]);
});
