import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import type { HostFlood } from './attack.ts';
import type { Flood } from './floods.ts';
import type { HostReport } from './host.ts';

export interface Watched extends HostReport {
  /** The longest time in which the host did not answer, ms. */
  readonly silentMs: number;
  /** Resident memory at its peak beyond what it was before, bytes. */
  readonly grownBytes: number;
}

export interface WatchOptions {
  readonly flood: Flood | HostFlood;
  readonly level: string;
  readonly guests: number;
  readonly timeoutMs: number;
}

/** A host that has grown so large is ended, so that it takes nothing else down. */
const MOST_BYTES = 3 * 1024 ** 3;
/** How often memory is looked at, and a new ping begun, ms. */
const LOOK_MS = 20;

/** Runs one flood in a host process of its own, and measures it from this one: how long it does not answer, and how large it gets. */
export async function watchHost({ flood, level, guests, timeoutMs }: WatchOptions): Promise<Watched> {
  const args = [flood.name, flood.engine, level, String(guests), String(timeoutMs)];
  const child = fork(join(import.meta.dirname, 'host.ts'), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const { port } = (await message(child)) as { readonly port: number }; // written by host.ts
    const before = residentBytes(child);
    let silentMs = 0;
    let most = before;
    let going = true;
    const pings = (async () => {
      while (going) {
        const asked = performance.now();
        const look = setInterval(() => {
          silentMs = Math.max(silentMs, performance.now() - asked);
        }, LOOK_MS);
        await ping(port);
        clearInterval(look);
        silentMs = Math.max(silentMs, performance.now() - asked);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    })();
    const looks = setInterval(() => {
      most = Math.max(most, residentBytes(child));
      if (most > MOST_BYTES) child.kill('SIGKILL');
    }, LOOK_MS);
    child.send('go');
    const report = await message(child);
    going = false;
    clearInterval(looks);
    await pings;
    return { ...(report as { readonly report: HostReport }).report, silentMs, grownBytes: most - before };
  } finally {
    child.kill('SIGKILL');
  }
}

const message = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code, signal) => reject(new Error(`The host ended (${signal ?? `exit ${code}`})`)));
  });

const ping = (port: number): Promise<void> =>
  new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume().once('end', resolve);
    });
    request.once('error', () => resolve()); // the host has gone: its exit tells
  });

function residentBytes({ pid }: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(status.split('VmRSS:')[1]?.trim().split(' ')[0] ?? 0) * 1024;
  } catch {
    return 0; // it has ended, or this is not Linux
  }
}
