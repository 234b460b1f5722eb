// Builds the shells that `sandglass tools build` fills: one for each set of host interfaces, in one file. Skips what is up to date.

import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { brotliCompressSync, constants } from 'node:zlib';
import { joinShells } from '../runtime/build/shell-pack.ts';
import { SHELLS, shellWorld } from '../runtime/build/shells.ts';
import { componentizeQuickJs, hostPackage, withHostPackage } from './tools/build-component.ts';

const TARGET = new URL('../runtime/build/shells/', import.meta.url);
const entry = await readFile(new URL('tools/shell-entry.js', import.meta.url), 'utf8');
const ours = [
  'build-shells.ts',
  'tools/build-component.ts',
  '../runtime/build/shells.ts',
  '../runtime/build/shell-pack.ts',
  '../package-lock.json',
];
const texts = await Promise.all(ours.map((path) => readFile(new URL(path, import.meta.url), 'utf8')));
const key = createHash('sha256')
  .update(JSON.stringify([entry, await hostPackage(), ...texts]))
  .digest('hex');
const stamp = new URL('../.cache/shells.built', import.meta.url);

if ((await readFile(stamp, 'utf8').catch(() => '')) !== key) {
  await rm(TARGET, { recursive: true, force: true });
  await mkdir(TARGET, { recursive: true });
  const shells: Record<string, Uint8Array> = {};
  for (const { name, interfaces } of SHELLS) {
    const imports = interfaces.map((each) => `import * as ${each} from 'sandglass:host/${each}@0.1.0';`);
    const source = entry.replace(
      "import host from 'virtual:host';",
      `${imports.join('\n')}\nconst host = { ${interfaces.join(', ')} };`,
    );
    const world = { wit: await withHostPackage(shellWorld(interfaces)), name: 'built' };
    shells[name] = await componentizeQuickJs(source, world);
  }
  const joined = joinShells(shells);
  const params = {
    [constants.BROTLI_PARAM_SIZE_HINT]: joined.byteLength,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS, // a shell is found again in the one before it
  };
  await writeFile(new URL('shells.br', TARGET), brotliCompressSync(joined, { params }));
  await mkdir(new URL('./', stamp), { recursive: true });
  await writeFile(stamp, key);
}
