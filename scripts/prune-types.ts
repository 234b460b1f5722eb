// Takes the declaration files out of `dist` that no entry of the package leads to: nobody can import them, and each takes a block of the disk.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { listFiles } from './check/sources.ts';

const root = join(import.meta.dirname, '..');
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: unknown };

/** `from './x.js'`, `import('./x.ts')`, `import './x.js'`. */
const SPECIFIER = /(?:\bfrom\s+|\bimport\s*\(?\s*)['"](\.[^'"]+)['"]/g;

/** Every file that `exports` names for types. */
function entries(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.endsWith('.d.ts') ? [normalize(value)] : [];
  return Object.values(value as object).flatMap(entries); // package.json has texts and objects there
}

const reached = new Set<string>();
const visit = (file: string): void => {
  if (reached.has(file)) return;
  if (!existsSync(join(root, file))) throw new Error(`Cannot prune types: ${file} is not there`);
  reached.add(file);
  for (const [, specifier = ''] of readFileSync(join(root, file), 'utf8').matchAll(SPECIFIER))
    visit(join(dirname(file), specifier.replace(/\.(js|ts)$/, '.d.ts')));
};
for (const file of entries(exports)) visit(file);
for (const file of listFiles(root, ['dist']))
  if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(join(root, file));
