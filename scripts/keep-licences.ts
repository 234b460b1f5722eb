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
    if (file === undefined) throw new Error(`Cannot bundle ${name}: it has no licence file`);
    const { version, license } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    const text = `${name} ${version}, ${license}\n\n${readFileSync(file, 'utf8')}`;
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
