// Builds what tools that ship import, one file a library, from guest-tools/libraries/ into its dist/: npm run build does it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { keepLicences, packagesOf } from './keep-licences.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'guest-tools/libraries');

for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
  const { metafile } = buildSync({
    entryPoints: [join(folder, name)],
    outfile: join(folder, 'dist', name),
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
  if (process.argv.includes('--licences')) keepLicences(packagesOf(metafile));
}
