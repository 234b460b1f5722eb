// Packs the package, installs it in a fresh folder as a user does, and says what came: size, packages, warnings, whether it runs and has types.
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadGuest } from './build-guests.ts';

const root = join(import.meta.dirname, '..');
const TOOL = join(root, 'guest-tools/hash-text/dist/hash-text.wasm');
/** What an install may bring. Disk blocks count, as `du` counts them. */
const MOST_BYTES = 45_000_000;
const MOST_PACKAGES = 60;

const PROGRAM = `
import { createRuntime } from 'sandglass';
await using runtime = createRuntime();
for (const [language, code] of [
  ['javascript', '6 * 7'],
  ['typescript', 'const n: number = 42; n'],
  [
    'typescript',
    'const half = (method, _) => function () { return method.call(this) / 2 };' +
      'class A { @half n(): number { return 84 } }; new A().n()',
  ],
  ['typescript', 'namespace N { export const n = 42 }; N.n'],
  ['python', '6 * 7'],
]) {
  const outcome = await runtime.run({ language, code });
  if (!outcome.ok || outcome.value !== 42) throw new Error(language + ': ' + JSON.stringify(outcome));
}
const [tool, module] = process.argv.slice(2);
for (const options of [
  { module: tool, invoke: 'invoke', args: [JSON.stringify({ text: 'abc' })] },
  { module },
  { module, engine: 'preview1-wasmer' },
]) {
  const outcome = await runtime.run(options);
  if (!outcome.ok) throw new Error(JSON.stringify([options, outcome]));
}
runtime.tools.register(
  { name: 'double', description: 'Doubles a number', input: { n: { type: 'string', pattern: '^[0-9]+$' } } },
  { language: 'js', code: 'export const run = ({ n }) => 2 * n' },
);
const doubled = await runtime.tools.call('double', { n: '21' });
const refused = await runtime.tools.call('double', { n: 'x' });
const [found] = runtime.tools.search('doubling numbers');
if (doubled.value !== 42 || refused.error?.code !== 'INPUT_INVALID' || found?.name !== 'double')
  throw new Error(JSON.stringify([doubled, refused, found]));
console.log('runs:', runtime.engines().map(({ name }) => name).join(', '));
`;

/** What `exports` has beside the package itself that is code. */
const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const modules = Object.keys(entries)
  .filter((name) => name !== '.' && !/\.(?:json|wasm)$/.test(name))
  .map((name) => name.slice(2));

/** Every export, with its types, as a strict project that checks the types of its libraries sees it. */
const CONSUMER = `
import { createRuntime, type Outcome } from 'sandglass';
import quickjs from 'sandglass/quickjs.wasm';
${modules.map((name, at) => `import * as part${at} from 'sandglass/${name}';`).join('\n')}
export const outcome: Promise<Outcome> = createRuntime().run({ language: 'javascript', code: '1' });
export const engine: WebAssembly.Module = quickjs;
export const all = [${modules.map((_, at) => `part${at}`).join(', ')}];
`;

function command(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return `${stdout}${stderr}`;
}

/** Bytes on disk of a folder, and the packages in it. */
function measure(folder: string): { bytes: number; packages: string[] } {
  let bytes = 0;
  const packages: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    bytes += lstatSync(path).blocks * 512;
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/@.][^/]*)$/.exec(path) ?? [];
    if (name !== undefined && entry.isDirectory()) packages.push(name);
  }
  return { bytes, packages };
}

const faults: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'sandglass-pack-'));
try {
  const [packed] = JSON.parse(
    command('npm', ['pack', '--json', '--silent', '--ignore-scripts', `--pack-destination=${folder}`], root),
  );
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  const said = command(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, packed.filename)],
    folder,
  );
  // Whoever runs this may have an npm that is run by a Node older than the package wants; that is not the package's fault.
  const warnings = said.split('\n').filter((line) => /^npm warn/i.test(line) && !line.includes('EBADENGINE'));
  if (warnings.length > 0) faults.push(`npm warns:\n${warnings.join('\n')}`);

  const { bytes, packages } = measure(join(folder, 'node_modules'));
  const megabytes = (size: number): string => `${(size / 1e6).toFixed(1)} MB`;
  console.log(
    `tarball ${megabytes(packed.size)}, unpacked ${megabytes(packed.unpackedSize)}, ${packed.entryCount} files`,
  );
  console.log(`installed ${megabytes(bytes)} on disk, ${packages.length} packages`);
  for (const name of packages) {
    const size = measure(join(folder, 'node_modules', name)).bytes;
    if (size > 1e6) console.log(`  ${name} ${megabytes(size)}`);
  }
  if (bytes > MOST_BYTES) faults.push(`over ${megabytes(MOST_BYTES)}`);
  if (packages.length > MOST_PACKAGES) faults.push(`over ${MOST_PACKAGES} packages`);

  writeFileSync(join(folder, 'program.js'), PROGRAM);
  const module = join(folder, 'hello.wasm');
  writeFileSync(module, await loadGuest('preview1/hello.wat'));
  console.log(command(process.execPath, ['program.js', TOOL, module], folder).trim());
  console.log(
    `command ${command(join(folder, 'node_modules/.bin/sandglass'), ['eval', '6 * 7'], folder).trim()}`,
  );

  writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  for (const mode of ['nodenext', 'bundler']) {
    const module = mode === 'bundler' ? 'esnext' : mode;
    command(
      process.execPath,
      [
        tsc,
        ...['--strict', '--noEmit', '--target', 'es2024', '--lib', 'esnext,dom'],
        ...['--module', module, '--moduleResolution', mode, '--types', '', 'consumer.ts'],
      ],
      folder,
    );
  }
  console.log('types complete under nodenext and bundler');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
