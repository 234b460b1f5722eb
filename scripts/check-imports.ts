// Checks the import directions that ARCHITECTURE.md draws, and that no files import each other in a circle; ends with 1 and one line per breach.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { importCircles } from './import-circles.ts';

const root = join(import.meta.dirname, '..');

type Room = {
  readonly name: string;
  readonly holds: (path: string) => boolean;
  readonly mayImport: readonly string[];
};

const under =
  (...folders: readonly string[]) =>
  (path: string): boolean =>
    folders.some((folder) => path.startsWith(`${folder}/`));
/** The first room that holds a file is its room. */
const ROOMS: readonly Room[] = [
  { name: 'vocabulary', holds: under('runtime/vocabulary'), mayImport: ['vocabulary'] },
  { name: 'contracts', holds: under('runtime/contracts'), mayImport: ['vocabulary', 'contracts'] },
  { name: 'wasm', holds: under('runtime/wasm'), mayImport: ['vocabulary', 'contracts'] },
  { name: 'engines', holds: under('runtime/engines'), mayImport: ['vocabulary', 'contracts', 'wasm'] },
  { name: 'gate', holds: under('runtime/gate'), mayImport: ['vocabulary', 'contracts'] },
  { name: 'cells', holds: under('runtime/cell'), mayImport: ['vocabulary', 'contracts', 'wasm', 'gate'] },
  { name: 'host functions', holds: under('host-functions'), mayImport: ['vocabulary', 'contracts'] },
  { name: 'run', holds: under('runtime/run'), mayImport: ['vocabulary', 'contracts', 'gate'] },
  { name: 'catalog', holds: under('runtime/catalog'), mayImport: ['vocabulary', 'contracts', 'wasm'] },
  { name: 'work', holds: under('runtime/work'), mayImport: ['vocabulary', 'contracts'] },
  {
    name: 'platform',
    holds: under('runtime/platform'),
    mayImport: ['vocabulary', 'contracts', 'cells', 'engines', 'wasm'],
  },
  {
    name: 'doors',
    holds: under('runtime/doors'),
    mayImport: ['vocabulary', 'contracts', 'entries', 'work', 'catalog'],
  },
  {
    name: 'runtime',
    holds: (path) => path === 'runtime/runtime.ts',
    mayImport: ['vocabulary', 'contracts', 'gate', 'run', 'work'],
  },
  {
    name: 'entries',
    holds: (path) => /^runtime\/index(\.[a-z]+)?\.ts$/.test(path),
    mayImport: ['vocabulary', 'contracts', 'runtime', 'platform', 'engines', 'host functions'],
  },
];

/** The only files that may name a platform's own modules. */
const MAY_USE_NODE = (path: string): boolean =>
  under('runtime/platform', 'runtime/doors/cli', 'host-functions')(path) ||
  /^runtime\/cell\/(worker|process)[a-z-]*\.ts$/.test(path);

/** Package → the one folder that owns it. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  sucrase: ['runtime/engines/quickjs'],
  pyodide: ['runtime/engines/pyodide', 'runtime/platform'],
  '@bytecodealliance/jco-transpile': ['runtime/engines/component'],
  '@bjorn3/browser_wasi_shim': ['runtime/engines/preview1'],
  '@wasmer/wasi': ['runtime/engines/preview1'],
  '@renovatebot/pep440': ['runtime/platform/python/packages'],
  ajv: ['runtime/doors/http'],
  hono: ['runtime/doors/http'],
  '@hono/node-server': ['runtime/doors/cli'],
  undici: ['host-functions/http'],
  ws: ['host-functions/http'],
  'ipaddr.js': ['host-functions/http'],
  picomatch: ['host-functions/fs', 'host-functions/http'],
};

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const roomOf = (path: string): Room | undefined => ROOMS.find((room) => room.holds(path));

const breaches: string[] = [];
const imports = new Map<string, Set<string>>();
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function check(path: string): void {
  const room = roomOf(path);
  if (room === undefined) return;
  const imported = new Set<string>();
  imports.set(path, imported);
  for (const [, , still, dynamic] of readFileSync(join(root, path), 'utf8').matchAll(IMPORT)) {
    const specifier = still ?? dynamic ?? '';
    if (specifier.startsWith('node:')) {
      if (!MAY_USE_NODE(path))
        breaches.push(
          `${path}: imports ${specifier}; only platform, cli, host functions and worker or process cells may`,
        );
    } else if (specifier.startsWith('.')) {
      const target = relative(root, join(root, dirname(path), specifier))
        .split(sep)
        .join('/');
      // What is brought in only when it is needed ties no knot.
      if (still !== undefined) imported.add(target);
      const targetRoom = roomOf(target);
      const sameEngine = room.name === 'engines' && target.split('/')[2] === path.split('/')[2];
      const sameFunction = room.name === 'host functions' && target.split('/')[1] === path.split('/')[1];
      const allowed =
        targetRoom === undefined
          ? false
          : targetRoom === room
            ? !['engines', 'host functions'].includes(room.name) || sameEngine || sameFunction
            : room.mayImport.includes(targetRoom.name);
      if (!allowed)
        breaches.push(
          `${path}: ${room.name} may not import ${target} (${targetRoom?.name ?? 'outside the house'})`,
        );
    } else {
      const owners = OWNERS[packageOf(specifier)];
      if (owners === undefined) breaches.push(`${path}: ${specifier} has no owner folder`);
      else if (!under(...owners)(path))
        breaches.push(`${path}: ${specifier} belongs to ${owners.join(', ')}`);
    }
  }
}

for (const folder of ['runtime', 'host-functions']) {
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.ts')) {
      check(relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
    }
  }
}
for (const circle of importCircles(imports)) breaches.push(`${circle.join(', ')}: they import each other`);
for (const breach of breaches) console.error(breach);
console.log(
  breaches.length === 0
    ? 'imports: all in the drawn direction'
    : `imports: ${breaches.length} against the drawn direction`,
);
process.exitCode = breaches.length === 0 ? 0 : 1;
