import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const packages = join(root, 'node_modules');
/** One file: each of its own would take a block of the disk. */
const licences = join(root, 'dist/LICENSES.txt');
const RULE = `\n${'='.repeat(100)}\n`;

/** Adds the licences of packages to those that the built package has. Terms that several packages share are there once, below all their names. */
export function keepLicences(names: Iterable<string>): void {
  const kept = readKept();
  for (const name of names) {
    const { head, terms } = licenceOf(name);
    for (const heads of kept.values()) heads.delete(head);
    kept.set(terms, (kept.get(terms) ?? new Set()).add(head));
  }
  const sections = [...kept]
    .filter(([, heads]) => heads.size > 0)
    .map(([terms, heads]) => `${[...heads].sort().join('\n')}\n\n${terms}\n`)
    .sort();
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(licences, sections.join(RULE));
}

/** What is in the file: the packages by their terms. */
function readKept(): Map<string, Set<string>> {
  const text = existsSync(licences) ? readFileSync(licences, 'utf8') : '';
  return new Map(
    text
      .split(RULE)
      .filter((section) => section !== '')
      .map((section) => {
        const end = section.indexOf('\n\n');
        return [section.slice(end + 2).trim(), new Set(section.slice(0, end).split('\n'))];
      }),
  );
}

/** The line of a package, and the terms it comes with. */
function licenceOf(name: string): { readonly head: string; readonly terms: string } {
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE']
    .map((candidate) => join(packages, name, candidate))
    .find(existsSync);
  const { version, license, author, repository } = JSON.parse(
    readFileSync(join(packages, name, 'package.json'), 'utf8'),
  );
  if (typeof license !== 'string') throw new Error(`Cannot bundle ${name}: it names no licence`);
  const stated = { license, author, repository }; // of a package that comes without the text
  const terms = file === undefined ? JSON.stringify(stated, undefined, 2) : readFileSync(file, 'utf8');
  return { head: `${name} ${version}, ${license}`, terms: terms.replaceAll('\r\n', '\n').trim() };
}

/** The packages that a bundle has code of, by what the bundler says of it. */
export function packagesOf({
  inputs,
}: {
  readonly inputs: Readonly<Record<string, unknown>>;
}): ReadonlySet<string> {
  const found = new Set<string>();
  for (const input of Object.keys(inputs)) {
    const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (name !== undefined) found.add(name);
  }
  return found;
}
