import { describe, expect, test } from 'vitest';
import { checkEntries } from '../../../scripts/check/entries.ts';
import { checkExports, checkStars } from '../../../scripts/check/exports.ts';
import { checkFolders, checkTests } from '../../../scripts/check/folders.ts';
import { checkFunctions } from '../../../scripts/check/functions.ts';
import { checkArrows, checkPackages, checkPlaces, checkPlan } from '../../../scripts/check/rooms.ts';
import { readSource } from '../../../scripts/check/sources.ts';
import { checkSpreads } from '../../../scripts/check/spreads.ts';
import { fillTables, houseTables } from '../../../scripts/check/tables.ts';
import { checkWidths } from '../../../scripts/check/widths.ts';
import type { Room } from '../../../scripts/house.ts';

const room = (name: string, mayImport: readonly string[], more: Partial<Room> = {}): Room => ({
  name,
  at: [`runtime/${name}`],
  what: `what ${name} holds`,
  mayImport,
  ...more,
});
const ROOMS = [
  room('words', []),
  room('gate', ['words']),
  room('engines', ['words'], { apart: true, folders: ['a', 'b'] }),
  room('cell', ['words', 'gate/markers']),
  room('tools', ['cell'], { toCome: true }),
];
const house = { rooms: ROOMS, mayUseNode: ['runtime/cell/worker'], owners: { pack: ['runtime/cell'] } };
const source = (path: string, text: string) => readSource(`runtime/${path}`, text);

/** Sources that use every permission of the house above, once. */
const ORDERLY = [
  source('words/word.ts', 'export const word = 1;'),
  source('gate/markers.ts', "import { word } from '../words/word.ts'; export const marker = word;"),
  source('engines/a/x.ts', "import { word } from '../../words/word.ts'; export const x = word;"),
  source('engines/b/y.ts', "import { word } from '../../words/word.ts'; export const y = word;"),
  source(
    'cell/worker.ts',
    "import 'node:fs'; import p from 'pack/sub'; import { word } from '../words/word.ts'; import { marker } from '../gate/markers.ts'; p(word, marker);",
  ),
];
const arrows = (path: string, text: string) => checkArrows([...ORDERLY, source(path, text)], house);

test('a house in order has no breach', () => {
  expect(checkPlan(house)).toEqual([]);
  expect(
    checkPlaces(
      ORDERLY.map(({ path }) => path),
      house,
    ),
  ).toEqual([]);
  expect(checkArrows(ORDERLY, house)).toEqual([]);
  expect(checkPackages(ORDERLY, house, ['pack'])).toEqual([]);
});

test('checkPlan() finds an arrow that leads back up and one that leads nowhere', () => {
  const rooms = [room('words', ['gate']), room('gate', ['garden'])];
  expect(checkPlan({ ...house, rooms })).toEqual([
    'words → gate: an arrow leads back up, or nowhere',
    'gate → garden: an arrow leads back up, or nowhere',
  ]);
});

describe('checkPlaces()', () => {
  const files = ORDERLY.map(({ path }) => path);
  test.each([
    ['runtime/attic/x.ts', 'no room of the house has it'],
    ['runtime/loose.ts', 'no room of the house has it'],
    ['runtime/words/new/x.ts', 'words has no folder "new"'],
    ['runtime/engines/c/x.ts', 'engines has no folder "c"'],
    ['runtime/engines/x.ts', 'every file lies in a folder'],
    ['runtime/words/notes.txt', 'not a kind of file'],
    ['runtime/tools/x.ts', 'no longer to come'],
  ])('finds %s', (file, breach) => {
    expect(checkPlaces([...files, file], house)).toEqual([expect.stringContaining(breach)]);
  });

  test('finds a room and a folder with nothing in them', () => {
    expect(
      checkPlaces(['runtime/engines/a/x.ts', 'runtime/words/word.ts', 'runtime/cell/worker.ts'], house),
    ).toEqual(['gate: there is nothing at runtime/gate', 'engines: there is no folder "b"']);
  });
});

test('checkFolders() finds a folder that nobody listed, and a listed one that is gone', () => {
  expect(checkFolders(['test', 'dist', 'newtop'], ['test', 'wit'], ['dist', 'coverage'])).toEqual([
    expect.stringContaining('newtop/: the house does not know'),
    expect.stringContaining('wit/: in scripts/house.ts, and not there'),
  ]);
});

test('checkTests() finds a test that no project of vitest runs', () => {
  const files = ['test/unit/a.test.ts', 'test/newfloor/b.test.ts', 'test/loose.test.ts', 'test/support/c.ts'];
  expect(checkTests(files, ['unit'])).toEqual([
    expect.stringContaining('test/newfloor/b.test.ts'),
    expect.stringContaining('test/loose.test.ts'),
  ]);
});

describe('checkArrows()', () => {
  test.each([
    [
      'an arrow back up',
      'words/other.ts',
      "import { x } from '../engines/a/x.ts'; x;",
      'words may not import',
    ],
    [
      'a type back up',
      'words/other.ts',
      "import type { X } from '../gate/markers.ts'; export type Y = X;",
      'words may not',
    ],
    [
      'an import() back up',
      'words/other.ts',
      "export const y = () => import('../gate/markers.ts');",
      'words may not',
    ],
    [
      'folders that stay apart',
      'engines/a/z.ts',
      "import { y } from '../b/y.ts'; y;",
      'never import each other',
    ],
    ['more than the part', 'cell/z.ts', "import { g } from '../gate/gate.ts'; g;", 'cell may not import'],
    ['the outside', 'cell/z.ts', "import { g } from '../../scripts/x.ts'; g;", 'outside the house'],
  ])('finds %s', (_name, path, text, breach) => {
    expect(arrows(path, text)).toEqual([expect.stringContaining(breach)]);
  });

  test('finds files that import each other, and a permission that no import uses', () => {
    const one = source('words/one.ts', "import { two } from './two.ts'; export const one = two;");
    const two = source('words/two.ts', "import { one } from './one.ts'; export const two = one;");
    expect(checkArrows([...ORDERLY.slice(0, 4), one, two], house)).toEqual([
      'cell → words: no import uses this permission',
      'cell → gate/markers: no import uses this permission',
      'runtime/words/one.ts, runtime/words/two.ts: they import each other',
    ]);
  });
});

test('checkPackages() finds node: and packages outside of their places, and places that need none', () => {
  const stray = source('words/x.ts', "import 'node:os'; import 'pack'; import 'other';");
  expect(checkPackages([...ORDERLY, stray], house, ['pack', 'loose'])).toEqual([
    'runtime/words/x.ts: imports node:os; only runtime/cell/worker may',
    'runtime/words/x.ts: pack belongs to runtime/cell',
    'runtime/words/x.ts: other has no owner folder',
    'package.json: the dependency loose has no owner folder',
  ]);
  expect(checkPackages([], house, [])).toEqual([
    'runtime/cell/worker: nothing there uses its leave to import node:',
    'runtime/cell: owns pack and does not import it',
  ]);
});

describe('checkExports()', () => {
  const rules = { outside: [], kept: {} };
  test('finds what no other file imports; a type that the file itself names is part of what it exports', () => {
    const lone = source(
      'words/lone.ts',
      'export interface Options { a: 1 } export const used = (o: Options) => o; export const dead = 1; export type Dead = 2;',
    );
    const user = source('words/user.ts', "import { used } from './lone.ts'; used({ a: 1 });");
    expect(checkExports([lone, user], [], rules)).toEqual([
      'runtime/words/lone.ts: no other file imports dead',
      'runtime/words/lone.ts: no other file imports Dead',
    ]);
    const script = readSource('scripts/x.ts', "import { dead } from '../runtime/words/lone.ts'; dead;");
    expect(checkExports([lone, user], [script], rules)).toHaveLength(1);
  });

  test('takes a reason, and finds a reason that is not needed', () => {
    const lone = source('words/lone.ts', 'export const dead = 1;');
    const kept = { 'runtime/words/lone.ts#dead': 'why', 'runtime/words/lone.ts#gone': 'why' };
    expect(checkExports([lone], [], { outside: [], kept })).toEqual([
      'runtime/words/lone.ts#gone: in the list of exports that stay, and not needed there',
    ]);
  });

  test('checkStars() and checkEntries() find a star and a name that an entry leaves out', () => {
    const shared = source('index.shared.ts', 'export const a = 1, b = 2;');
    const star = source('index.ts', "export * from './index.shared.ts';");
    const entry = source('index.browser.ts', "export { a } from './index.shared.ts';");
    expect(checkStars([shared, star])).toEqual(['runtime/index.ts: export * (name what is exported)']);
    expect(checkEntries([shared, entry], shared.path, [entry.path])).toEqual([
      'runtime/index.browser.ts: does not export b of runtime/index.shared.ts',
    ]);
  });
});

test('checkFunctions() finds a long function without a reason, and a reason without a long function', () => {
  const body = '\n'.repeat(100);
  const long = source('words/x.ts', `export function long() {${body}} export const short = () => 1;`);
  expect(checkFunctions([long], {})).toEqual([expect.stringContaining('long is 101 lines long')]);
  expect(
    checkFunctions([long], { 'runtime/words/x.ts#long': 'why', 'runtime/words/x.ts#gone': 'why' }),
  ).toEqual([expect.stringContaining('runtime/words/x.ts#gone')]);
});

test('checkWidths() finds long lines, except where a pattern, a raw text or a text of a test goes on', () => {
  const long = 'x'.repeat(160);
  const at = (path: string, text: string) => checkWidths([{ path, text }]);
  const told = (path: string, line: number) => [`${path}:${line}: over 150 columns`];
  expect(at('runtime/a.ts', `const a = 1;\n// ${long}`)).toEqual(told('runtime/a.ts', 2));
  expect(at('runtime/a.ts', `const a = '${long}';`)).toEqual(told('runtime/a.ts', 1));
  expect(at('runtime/a.ts', `const a = /${long}/;\nconst b = String.raw\`${long}\`;`)).toEqual([]);
  expect(at('test/a.test.ts', `const a = '${long}';\nconst b = \`${long}\`;`)).toEqual([]);
  expect(at('test/a.test.ts', `// ${long}`)).toEqual(told('test/a.test.ts', 1));
  expect(at('runtime/a.ts', `const a = 1; ${' '.repeat(110)}// kept`)).toEqual([]);
});

test('checkSpreads() finds what defined() says shorter', () => {
  const text = `export const a = (x?: number, y?: { z: number }) => ({
    ...(x === undefined ? {} : { x }), ...(y?.z === undefined ? {} : { w: y.z }), ...(x === undefined ? {} : { x: x + 1 }),
  });`;
  expect(checkSpreads([source('words/x.ts', text)], /^nowhere/)).toHaveLength(2);
  expect(checkSpreads([source('words/x.ts', text)], /^runtime\/words/)).toEqual([]);
});

test('fillTables() writes the tables of the house between their markers, again and again the same', () => {
  const page =
    'Before\n<!-- rooms -->\nSTALE\n<!-- /rooms -->\nBetween\n<!-- arrows --><!-- /arrows -->\n<!-- node --><!-- /node -->\n<!-- owners --><!-- /owners -->\n';
  const tables = houseTables({ ...house, beside: { 'wit/': 'interfaces' } });
  const filled = fillTables(page, tables);
  expect(filled).toContain('| cell | words, gate/markers |');
  expect(filled).toContain('| tools | cell (to come) |');
  expect(filled).toContain('|  | `wit/` | interfaces |');
  expect(filled).toContain('- `runtime/cell/worker*.ts`');
  expect(filled).toContain('| `pack` | `runtime/cell/` |');
  expect(filled).not.toContain('STALE');
  expect(fillTables(filled, tables)).toBe(filled);
  expect(() => fillTables('no markers', tables)).toThrow('no markers');
});
