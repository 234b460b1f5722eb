import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const packages = join(root, 'node_modules');
const licences = join(root, 'dist/LICENSES');

/** Puts the licences of packages where the built package keeps them. */
export function keepLicences(names: Iterable<string>): void {
  mkdirSync(licences, { recursive: true });
  for (const name of names) {
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE']
      .map((candidate) => join(packages, name, candidate))
      .find(existsSync);
    const { version, license, author, repository } = JSON.parse(
      readFileSync(join(packages, name, 'package.json'), 'utf8'),
    );
    if (typeof license !== 'string') throw new Error(`Cannot bundle ${name}: it names no licence`);
    const stated = { license, author, repository }; // of a package that comes without the text
    const terms = file === undefined ? JSON.stringify(stated, undefined, 2) : readFileSync(file, 'utf8');
    const text = `${name} ${version}, ${license}\n\n${terms}`;
    writeFileSync(join(licences, `${name.replace('@', '').replace('/', '-')}.txt`), text);
  }
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
