import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CALLERS, type Figures } from '../../scripts/bench/throughput/load.ts';

const FOLDER = join(import.meta.dirname, 'python');

/** What installs it. */
export const WASMTIME = 'python3 -m pip install --target test/bench/python wasmtime==50.0.1';

/**
 * A module compiled once by wasmtime, then a fresh store and instance and one call a run, in a process of Python's: what calls it is Python, in
 * as many threads as there are callers.
 */
export async function openWasmtime(
  module: Uint8Array,
  name: string,
  argument: number,
  seconds: number,
): Promise<readonly Figures[] | undefined> {
  if (!existsSync(join(FOLDER, 'wasmtime'))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
  try {
    const file = join(folder, 'guest.wasm');
    await writeFile(file, module);
    const args = [file, name, argument, seconds, CALLERS.join(',')].map(String);
    const child = spawn('python3', [join(import.meta.dirname, 'wasmtime_peer.py'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PYTHONPATH: FOLDER },
    });
    let text = '';
    const failed = Promise.withResolvers<undefined>();
    child.on('error', () => failed.resolve(undefined)); // there is no python3
    const read = (async () => {
      for await (const part of child.stdout.setEncoding('utf8')) text += part;
      return text === '' ? undefined : (JSON.parse(text) as Figures[]); // our own script prints it
    })();
    return await Promise.race([read, failed.promise]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
