// Makes one file each of what a cell loads when it starts: reading thirty small modules takes longer than all else it does until then.
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const dist = join(import.meta.dirname, '../dist/runtime');

/** Built file → bundle. Executors keep their own file for the host's thread, which shares modules with the rest of the runtime. */
const BUNDLES: readonly (readonly [from: string, to: string])[] = [
  ['cell/worker-entry.js', 'cell/worker-entry.js'],
  ['cell/process-entry.js', 'cell/process-entry.js'],
  ['platform/component/component-node.js', 'platform/component/component-node.js'],
  ...['component', 'preview1', 'quickjs'].map(
    (engine) => [`engines/${engine}/execute.js`, `engines/${engine}/execute.cell.js`] as const,
  ),
];

for (const [from, to] of BUNDLES) {
  buildSync({
    entryPoints: [join(dist, from)],
    outfile: join(dist, to),
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2024',
    packages: 'external',
    // Brought in by the runs that need it.
    external: ['./strip-types.js', './lower.js'],
    legalComments: 'none',
    logLevel: 'warning',
  });
}
