import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of the package that this file belongs to, built or not. */
export function readVersion(): string {
  let folder = import.meta.dirname;
  for (;;) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (name === 'sandglass') return String(version);
    } catch (error) {
      // Most folders on the way have no package.json.
      if (dirname(folder) === folder) throw error;
    }
    folder = dirname(folder);
  }
}
