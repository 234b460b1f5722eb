// Builds what a checkout needs beside its sources: metered engines, guest tools, examples, and `dist/`. Skips what is up to date.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildRealm } from './build-realm.ts';

const root = join(import.meta.dirname, '..');
const bin: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
).bin;
const only = new Set(process.argv.slice(2));

function step(name: string, command: string, args: readonly string[]): void {
  if (only.size > 0 && !only.has(name)) return;
  const started = performance.now();
  process.stdout.write(`${name} … `);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) {
    console.log('failed');
    console.error(stdout, stderr);
    process.exit(status ?? 1);
  }
  console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`);
}

const script = (name: string): string => join(root, 'scripts', name);

for (const [name, file] of [
  ['quickjs', 'build-quickjs.ts'],
  ['pyodide', 'build-pyodide.ts'],
  ['guests', 'build-guests.ts'],
  ['tools', 'build-tools.ts'],
  ['libraries', 'build-libraries.ts'],
  ['shells', 'build-shells.ts'],
  ['examples', 'build-examples.ts'],
] as const) {
  if (existsSync(script(file))) step(name, process.execPath, [script(file)]);
}

if (only.size === 0 || only.has('dist')) {
  buildRealm();
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  step('dist', process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    'tsconfig.build.json',
  ]);
  step('dist', process.execPath, [script('vendor-packages.ts')]);
  step('dist', process.execPath, [script('bundle-parts.ts')]);
  step('dist', process.execPath, [script('bundle-cells.ts')]);
  for (const entry of readdirSync(join(root, 'runtime'), { recursive: true, withFileTypes: true })) {
    // Everything an engine loads beside its code: wasm, snapshots, guest-side sources; and types of what is not code.
    if (!entry.isFile() || (/\.(ts|md)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))) continue;
    const from = join(entry.parentPath, entry.name);
    cpSync(from, join(root, 'dist', relative(root, from)), { recursive: true });
  }
  step('dist', process.execPath, [script('prune-types.ts')]);
  cpSync(join(root, 'guest-tools/shipped'), join(root, 'dist/guest-tools/shipped'), { recursive: true });
  step('dist', process.execPath, [script('build-libraries.ts'), '--licences']);
  step('dist', process.execPath, [script('ship-python.ts')]);
  cpSync(join(root, 'guest-tools/libraries/dist'), join(root, 'dist/guest-tools/libraries/dist'), {
    recursive: true,
  });
  for (const name of ['picture', 'shell', 'sqlite'])
    for (const file of [`${name}.wasm.br`, `${name}.json`])
      cpSync(join(root, 'guest-tools', name, file), join(root, 'dist/guest-tools', name, file));
  const fonts = 'guest-tools/picture/fonts-licence.txt';
  cpSync(join(root, fonts), join(root, 'dist', fonts));
  // tsc writes no run bit, and a package linked into node_modules is run as it lies here.
  for (const file of Object.values(bin)) chmodSync(join(root, file), 0o755);
}
