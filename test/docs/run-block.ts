import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import wabt from 'wabt';
import { compileChart } from '../../scripts/demo/compile-chart.ts';
import type { RunBlock } from './code-blocks.ts';

const ROOT = join(import.meta.dirname, '../..');

const FIB = `(module (func $fib (export "fib") (param i32) (result i32)
  (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0)) (else (i32.add
    (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`;

/** Sets a folder up the way the documents suppose: data and modules beside the reader, and `npx sandglass` there. */
export async function prepareFolder(folder: string): Promise<void> {
  await mkdir(join(folder, 'data'), { recursive: true });
  await mkdir(join(folder, 'bin'), { recursive: true });
  await copyFile(
    join(ROOT, 'node_modules/vega-datasets/data/seattle-weather.csv'),
    join(folder, 'data/seattle-weather.csv'),
  );
  await writeFile(join(folder, 'data/rain.csv'), 'month,rain\nJan,5.4\nFeb,4.4\n');
  await copyFile(join(ROOT, 'guest-tools/csv-stats/dist/csv-stats.wasm'), join(folder, 'csv-stats.wasm'));
  await writeFile(join(folder, 'chart.wasm'), await compileChart());
  const { parseWat } = await wabt();
  await writeFile(join(folder, 'fib.wasm'), parseWat('fib.wat', FIB).toBinary({}).buffer);
  const npx = join(folder, 'bin/npx');
  await writeFile(
    npx,
    `#!/bin/sh\nshift\nexec "${process.execPath}" "${ROOT}/runtime/doors/cli/main.ts" "$@"\n`,
  );
  await chmod(npx, 0o755);
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one block as a reader would: TypeScript with Node, shell lines with `sh -e`. */
export async function runBlock(block: RunBlock, folder: string): Promise<Ended> {
  if (block.language === 'sh') return command('sh', ['-e', '-c', block.code], folder);
  const file = join(folder, `block-${block.line}.ts`);
  const own = (specifier: string, source: string): [string, string] => [
    `from '${specifier}'`,
    `from '${pathToFileURL(join(ROOT, source)).href}'`,
  ];
  const code = [
    own('sandglass', 'runtime/index.ts'),
    own('sandglass/http', 'runtime/doors/http/index.ts'),
  ].reduce((text, [from, to]) => text.replaceAll(from, to), block.code);
  await writeFile(file, code);
  return command(process.execPath, [file], folder);
}

/** Compiles blocks as a strict project of somebody else's would. Answers what the compiler complains of. */
export async function compileBlocks(blocks: readonly RunBlock[], folder: string): Promise<Ended> {
  const target = join(folder, 'compile');
  await mkdir(target, { recursive: true });
  for (const { line, code } of blocks) await writeFile(join(target, `block-${line}.ts`), code);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'esnext.iterator', 'dom', 'dom.iterable', 'dom.asynciterable'],
    module: 'preserve',
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    paths: {
      sandglass: [join(ROOT, 'runtime/index.ts')],
      'sandglass/http': [join(ROOT, 'runtime/doors/http/index.ts')],
    },
  };
  await writeFile(join(target, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return command(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', target], folder);
}

async function command(file: string, args: readonly string[], cwd: string): Promise<Ended> {
  const env = {
    ...process.env,
    PATH: `${join(cwd, 'bin')}:${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
  };
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return text;
  };
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  const [exitCode, stdout, stderr] = await Promise.all([exit, read(child.stdout), read(child.stderr)]);
  return { exitCode, stdout, stderr };
}
