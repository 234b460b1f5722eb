import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifies } from '../support/verifies.ts';
import { codeBlocks, jsonBlocks, printsPattern } from './code-blocks.ts';
import { DOCUMENTS, exists, readDocument } from './documents.ts';
import { compileBlocks, createReader, type Reader } from './run-block.ts';
import { PACKAGE_SCRIPTS, wrongWords } from './shell-words.ts';
import { lackedBy } from './surroundings.ts';

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

  test('a block that is not run says why', () => {
    const silent = blocks.filter(({ use, reason }) => use === 'check' && reason.split(' ').length < 3);
    expect(silent.map(({ line, marks }) => [line, marks])).toEqual([]);
  });

  for (const { line, code, language, use } of blocks) {
    if (language !== 'sh' || use === 'run') continue;
    test(`the sh block at line ${line} reads as a shell's, and every command and flag of it is one`, () => {
      expect(wrongWords(code, PACKAGE_SCRIPTS)).toEqual([]);
    });
  }

  for (const { line, text } of jsonBlocks(markdown)) {
    test(`the json block at line ${line} is JSON`, () => {
      expect(JSON.parse(text)).toBeTypeOf('object');
    });
  }

  test('every npm script that is named is one', () => {
    const named = [...markdown.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name]) => name ?? '');
    expect(named.filter((name) => !Object.hasOwn(PACKAGE_SCRIPTS, name))).toEqual([]);
  });

  for (const block of blocks.filter(({ use }) => use === 'run' || use === 'guest' || use === 'server')) {
    // A machine without the servers of an operating system that it asks for says so.
    const lacks = lackedBy(block);
    const shown = lacks.length === 0 ? '' : ` (not here: ${lacks.join(', ')})`;
    test.skipIf(lacks.length > 0)(
      `the ${block.language} block at line ${block.line} runs as it says${shown}`,
      async () => {
        const ended = await reader.run(block);
        expect(ended.exitCode, `${ended.stderr}\n${ended.stdout}`).toBe(block.exitCode);
        if (block.prints !== undefined) expect(ended.stdout).toMatch(printsPattern(block.prints));
      },
    );
  }
});

describe.each(['node', 'browser', 'workerd'] as const)('blocks for %s', (platform) => {
  test('compile under strict', verifies('DX-12'), async () => {
    const blocks = DOCUMENTS.flatMap((page) => codeBlocks(readDocument(page)))
      .filter(({ language }) => language === 'ts')
      .filter(({ marks }) => (/\b(browser|workerd)\b/.exec(marks)?.[1] ?? 'node') === platform);
    expect(blocks.length).toBeGreaterThan(0);
    expect(await compileBlocks(blocks, folder, platform)).toMatchObject({ exitCode: 0, stdout: '' });
  });
});

test('CONTRIBUTING.md adds a host function, by a block that runs', verifies('DX-11'), () => {
  const blocks = codeBlocks(readDocument('CONTRIBUTING.md')).filter(({ use }) => use === 'run');
  const adding = blocks.filter(({ code }) => code.includes('defineHostFunction('));
  expect(adding.map(({ language, prints }) => [language, prints !== undefined])).toEqual([['ts', true]]);
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
