// Holds the sources to the house as scripts/house.ts has it; ends with 1 and one line a breach. With --write it writes the tables of ARCHITECTURE.md.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkEntries } from './check/entries.ts';
import { checkExports, checkStars } from './check/exports.ts';
import { checkFloors, checkShared } from './check/floors.ts';
import { checkFolders, checkTests } from './check/folders.ts';
import { checkFunctions } from './check/functions.ts';
import { checkPatterns } from './check/patterns.ts';
import { checkArrows, checkPackages, checkPlaces, checkPlan, type House } from './check/rooms.ts';
import { listFiles, readSources } from './check/sources.ts';
import { checkSpreads } from './check/spreads.ts';
import { fillTables, houseTables } from './check/tables.ts';
import { checkWidths } from './check/widths.ts';
import {
  AN_ENTRY,
  BESIDE,
  EXPORTS_KEPT,
  LOADED_FROM_OUTSIDE,
  LONG_FUNCTIONS,
  MAY_USE_NODE,
  NOT_KEPT,
  OWNERS,
  ROOMS,
  TEST_FLOORS,
  TEST_MATERIAL,
  TOO_SLOW_FOR_UNIT,
} from './house.ts';
import { LINEAR_PATTERNS } from './linear-patterns.ts';

/** Runs in the guest's own realm, where it is metered; or reads what the operator wrote; or what is built. */
const MEETS_NOBODY = /^runtime\/(engines\/quickjs\/(prelude|library)\/|doors\/cli\/|index\.|build\/)/;

/** Goes into a realm or a page as its own text, or into the snapshot of the engine, where `defined` would stand on what a guest may change. */
const IN_A_REALM =
  /^runtime\/(?:engines\/(?:pyodide\/realm|component\/realm|quickjs\/(?:prelude|library))|doors\/http\/dashboard)\//;

/** Lines of what is made by a script, and of the programs of guests and of others, are as they are. */
const MADE_OR_GIVEN =
  /(?:interfaces\/signatures\.ts|hashes-wasm\.ts|\.gen\.ts|\/dist\/|^test\/(?:guests|libraries|node-programs|recipes)\/.*)$/;

/** The files that `exports` of the package leads to. */
const ENTRIES = LOADED_FROM_OUTSIDE.filter(([, why]) => why === AN_ENTRY).map(([file]) => file);

const root = join(import.meta.dirname, '..');
const foldersOf = (path: string): readonly string[] =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
const files = listFiles(root, ['runtime', 'host-functions']).filter((file) => !file.includes('__pycache__'));
const sources = readSources(root, files);
const scripts = readSources(root, listFiles(root, ['scripts']));
const house: House = { rooms: ROOMS, mayUseNode: MAY_USE_NODE, owners: OWNERS };
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const page = join(root, 'ARCHITECTURE.md');
const written = readFileSync(page, 'utf8');
const fresh = fillTables(
  written,
  houseTables({ rooms: ROOMS, beside: BESIDE, mayUseNode: MAY_USE_NODE, owners: OWNERS }),
);
if (process.argv.includes('--write')) writeFileSync(page, fresh);
else if (fresh !== written) console.error('ARCHITECTURE.md: its tables are stale (npm run house:write)');
const stale = fresh !== written && !process.argv.includes('--write') ? 1 : 0;

const breaches = [
  ...checkPlan(house),
  ...checkPlaces(
    // The bundler's and the build's own products lie beside what they are made of.
    files.filter(
      (file) =>
        !file.startsWith('runtime/build/shells/') &&
        (!file.endsWith('.wasm') || file.startsWith('runtime/engines/')),
    ),
    house,
  ),
  ...checkFolders(
    foldersOf('.'),
    [
      ...ROOMS.flatMap(({ at }) => at.map((place) => place.split('/')[0] ?? place)),
      ...Object.keys(BESIDE).flatMap((names) => names.split(', ').map((name) => name.slice(0, -1))),
    ],
    NOT_KEPT,
  ),
  ...checkFolders(foldersOf('test'), [...TEST_FLOORS, ...TEST_MATERIAL]).map((breach) => `test/${breach}`),
  ...checkTests(listFiles(root, ['test']), TEST_FLOORS),
  ...checkArrows(sources, house),
  ...checkPackages(sources, house, Object.keys(dependencies)),
  ...checkStars(sources.filter(({ path }) => ENTRIES.some((file) => file.test(path)))),
  ...checkEntries(
    sources,
    'runtime/index.shared.ts',
    ['ts', 'browser.ts', 'workerd.ts'].map((end) => `runtime/index.${end}`),
  ),
  ...checkExports(sources, scripts, { outside: LOADED_FROM_OUTSIDE, kept: EXPORTS_KEPT }),
  ...checkFunctions(sources, LONG_FUNCTIONS),
  ...checkSpreads(sources, IN_A_REALM),
  ...checkWidths(
    listFiles(root, ['runtime', 'host-functions', 'guest-tools', 'scripts', 'test', 'examples'])
      .filter((path) => path.endsWith('.ts') && !MADE_OR_GIVEN.test(path))
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
  ),
  ...checkFloors(
    listFiles(root, ['test/unit']).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
    TOO_SLOW_FOR_UNIT,
  ),
  ...checkShared(
    listFiles(root, ['test'])
      .filter(
        (path) =>
          path.endsWith('.ts') &&
          !path.endsWith('.d.ts') &&
          !/^test\/(?:guests|libraries|node-programs|recipes|runtimes)\//.test(path),
      )
      .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
    TEST_FLOORS,
  ),
  ...checkPatterns(
    sources.filter(({ path }) => !MEETS_NOBODY.test(path)),
    LINEAR_PATTERNS,
  ),
];
for (const breach of breaches) console.error(breach);
const count = breaches.length + stale;
console.log(count === 0 ? 'house: all in order' : `house: ${count} not in order`);
process.exitCode = count === 0 ? 0 : 1;
