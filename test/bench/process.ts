import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject } from '../../scripts/bench/sample.ts';
import type { Peer } from './peer.ts';

/** `node -e`: a whole process, with all of its user's power. */
export const nodeEval = (code: string): Peer => ({
  name: 'node -e',
  open: async () => command('node -e', process.execPath, ['-e', code]),
});

/** `deno eval`, from the npm package. */
export const denoEval = (code: string): Peer => ({
  name: 'deno eval',
  open: async () => {
    const deno = join(import.meta.dirname, 'node_modules/.bin/deno');
    return existsSync(deno) ? command('deno eval', deno, ['eval', code]) : undefined;
  },
});

const command = (name: string, file: string, args: readonly string[]): Subject => ({
  name,
  warmUp: 1,
  once: async () => {
    const child = spawn(file, args, { stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`Cannot measure ${name}: it ended with ${code}`);
    return undefined;
  },
});
