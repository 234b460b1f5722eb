import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../runtime/doors/cli/cli.ts';
import { verifies } from '../support/verifies.ts';
import { DOCUMENTS, ROOT, readDocument } from './documents.ts';
import { entryExports } from './entry-exports.ts';
import { fillTables, tables, tablesOf } from './tables.ts';

const source = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const fieldsOf = (path: string, name: string): string[] => {
  const body =
    new RegExp(`export interface ${name}\\b[^{]*\\{([\\s\\S]*?)\\n\\}`).exec(source(path))?.[1] ?? '';
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field ?? '');
};

/** Names in backticks at the start of the rows of the table whose head is this line. */
const namedIn = (page: string, head: string): string[] => {
  const markdown = readDocument(page);
  const table = markdown.slice(markdown.indexOf(head)).split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| ([^|]*) \|/gm)]
    .slice(2)
    .flatMap(([, cell]) => [...(cell ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''));
};

test.each(DOCUMENTS)('tables made from the code are fresh in %s (npm run docs:write)', (page) => {
  expect(readDocument(page)).toBe(fillTables(readDocument(page)));
});

test('every table that can be made stands in a document, and no other', () => {
  const placed = new Set(DOCUMENTS.flatMap((page) => tablesOf(readDocument(page))));
  expect([...placed].toSorted()).toEqual(Object.keys(tables).toSorted());
});

describe('docs/grants.md names every field', () => {
  test.each([
    ['fs', 'grants/fs.ts', 'FsGrant'],
    ['http', 'grants/http.ts', 'HttpGrant'],
    ['ws', 'grants/ws.ts', 'WsGrant'],
    ['sql', 'grants/sql.ts', 'SqlGrant'],
    ['kv', 'grants/kv.ts', 'KvGrant'],
    ['browser', 'grants/browser.ts', 'BrowserGrant'],
  ])('of %s', (part, file, name) => {
    expect(namedIn('docs/grants.md', `| field of \`${part}\``).toSorted()).toEqual(
      fieldsOf(`runtime/vocabulary/${file}`, name).toSorted(),
    );
  });
  test('of a grant', () => {
    const grants = readDocument('docs/grants.md');
    expect(
      fieldsOf('runtime/vocabulary/grant.ts', 'Grant').filter((field) => !grants.includes(field)),
    ).toEqual([]);
  });
});

test('docs/isolation.md names the options for cells, and no others', () => {
  expect(namedIn('docs/isolation.md', '| option of `cells` |').toSorted()).toEqual(
    fieldsOf('runtime/contracts/api/runtime.ts', 'CellOptions').toSorted(),
  );
});

test('docs/python.md names the options for packages, and no others', () => {
  expect(namedIn('docs/python.md', '| `packages` of `createRuntime` |').toSorted()).toEqual(
    fieldsOf('runtime/platform/python/packages/options.ts', 'PythonPackageOptions').toSorted(),
  );
});

test('docs/http.md names the options of createHttpApp, and no others', () => {
  expect(namedIn('docs/http.md', '| option of `createHttpApp` |').toSorted()).toEqual(
    [...fieldsOf('runtime/doors/http/app.ts', 'HttpAppOptions')].toSorted(),
  );
});

test('docs/guests.md names every option of a run', () => {
  const page = readDocument('docs/guests.md');
  const file = 'runtime/contracts/api/run.ts';
  const options = ['RunBase', 'ScriptRun', 'ModuleRun', 'SessionRun'].flatMap((name) => fieldsOf(file, name));
  const also = [...source(file).matchAll(/interface ScriptParts \{([\s\S]*?)\n\}/g)].flatMap(([, body]) =>
    [...(body ?? '').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field ?? ''),
  );
  expect([...options, ...also].length).toBeGreaterThan(20);
  expect([...new Set([...options, ...also])].filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});

test('docs/api.md names every member of a runtime', () => {
  const members = [
    ...source('runtime/contracts/api/runtime.ts').matchAll(/interface Runtime [^{]*\{([\s\S]*?)\n\}/g),
  ]
    .flatMap(([, body]) => [...(body ?? '').matchAll(/^ {2}(?:readonly )?(\w+)\??[:(<]/gm)])
    .map(([, name]) => name ?? '');
  expect(members.length).toBeGreaterThan(10);
  const page = readDocument('docs/api.md');
  const section = page.slice(page.indexOf('| member |'), page.indexOf('| option of `createRuntime`'));
  expect(members.filter((name) => !section.includes(`\`${name}`))).toEqual([]);
});

test('docs/api.md names the options of createRuntime, and no others', () => {
  expect(namedIn('docs/api.md', '| option of `createRuntime` |').toSorted()).toEqual(
    [
      ...fieldsOf('runtime/contracts/api/runtime.ts', 'RuntimeOptions'),
      ...fieldsOf('runtime/index.ts', 'NodeRuntimeOptions'),
    ].toSorted(),
  );
});

test.each([
  ['sandglass', 'runtime/index.ts'],
  ['sandglass in browsers', 'runtime/index.browser.ts'],
  ['sandglass in workerd', 'runtime/index.workerd.ts'],
  ['sandglass/ai', 'runtime/doors/ai/index.ts'],
  ['sandglass/client', 'runtime/doors/client/index.ts'],
  ['sandglass/http', 'runtime/doors/http/index.ts'],
  ['sandglass/observe', 'runtime/observe/index.ts'],
  ['sandglass/prebuild', 'runtime/index.prebuild.ts'],
])('docs/api.md has one line for each export of %s', (title, entry) => {
  const api = readDocument('docs/api.md');
  const names = (heading: string): string[] => {
    const section = api.slice(api.indexOf(`## ${heading}\n`)).split(/\n## /)[0] ?? '';
    return [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name ?? '');
  };
  const everywhere = names('Exports of every platform');
  const listed = [...names(title), ...(title.includes('/') ? [] : everywhere)];
  expect(listed.toSorted()).toEqual([...entryExports(entry)].toSorted());
});

test('docs/cli.md names every command', () => {
  const page = readDocument('docs/cli.md');
  expect(COMMANDS.map(({ name }) => name).filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});

test('docs/cli.md, docs/http.md and docs/security.md name every flag, and docs/cli.md no other', () => {
  const pages = ['docs/cli.md', 'docs/http.md', 'docs/security.md'].map(readDocument).join('\n');
  const flags = new Set(COMMANDS.flatMap((command) => command.flags.map(({ name }) => name)));
  expect([...flags].filter((name) => !pages.includes(`--${name}`))).toEqual([]);
  const named = [...readDocument('docs/cli.md').matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(
    ([, name]) => name ?? '',
  );
  expect(named.filter((name) => !flags.has(name) && name !== 'help')).toEqual([]);
});

test('every export of the package has its title in docs/api.md', verifies('DX-10'), () => {
  const { exports } = JSON.parse(source('package.json'));
  const api = readDocument('docs/api.md');
  expect(
    Object.keys(exports)
      .map((path) => path.replace(/^\./, 'sandglass'))
      .filter((path) => !api.includes(path)),
  ).toEqual([]);
});
