// Builds what tools that ship import, one file a library, from guest-tools/libraries/ into its dist/: npm run build does it.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { keepLicences, packagesOf } from './keep-licences.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'guest-tools/libraries');

rmSync(join(folder, 'dist'), { recursive: true, force: true });
mkdirSync(join(folder, 'dist'));
for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
  const { metafile, outputFiles } = buildSync({
    entryPoints: [join(folder, name)],
    outfile: join(folder, 'dist', name),
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import', 'browser'],
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    absWorkingDir: root,
  });
  for (const { contents } of outputFiles)
    writeFileSync(join(folder, 'dist', `${name}.gz`), gzipSync(contents, { level: 9 }));
  if (process.argv.includes('--licences')) keepLicences(packagesOf(metafile));
}
