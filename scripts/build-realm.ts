// Bundles what runs in the realm of each component's run into one script. Skips what is up to date.
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const runtime = fileURLToPath(new URL('../runtime/', import.meta.url));
const folder = join(runtime, 'engines/component/realm');
const output = join(folder, 'realm.bundle.js');
/** All that the bundle is made of lies in these. */
const SOURCES = ['engines/component', 'vocabulary', 'wasm', 'contracts', 'gate'];

const newest = (path: string): number =>
  Math.max(
    ...readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );

export function buildRealm(): void {
  const made = existsSync(output) ? statSync(output).mtimeMs : 0;
  if (SOURCES.every((name) => newest(join(runtime, name)) < made)) return;
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, 'main.ts')],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'realm',
    target: 'es2024',
    platform: 'neutral',
    legalComments: 'none',
    minifyWhitespace: true,
    minifySyntax: true,
  });
  const text = outputFiles[0]?.text;
  if (text === undefined) throw new Error('Cannot build the realm of components: nothing came out');
  writeFileSync(output, `(function () { 'use strict';\n${text}\nreturn realm.boot; })()\n`);
}

if (import.meta.main) buildRealm();
