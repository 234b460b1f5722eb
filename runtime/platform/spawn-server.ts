import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerCommand, ServerProcess } from '../contracts/server-powers.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { within } from '../vocabulary/within.ts';

/** What is kept of stderr, characters. */
const MOST_COMPLAINT = 4_096;
/** How long a process may take to end by itself, and then by SIGTERM. */
const GRACE_MS = 500;

/** Starts a server in a process of its own, with the environment that it was given and PATH, and nothing else. */
export async function spawnServer({ command, args, env, cwd }: ServerCommand): Promise<ServerProcess> {
  const child = spawn(command, [...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it starts ends with it, and Ctrl+C in a terminal is not for it.
    detached: process.platform !== 'win32',
    windowsHide: true,
    ...defined({ cwd }),
  });
  const { stdin, stdout, stderr } = child;
  let complaint = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = `${complaint}${text}`.slice(-MOST_COMPLAINT);
  });
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined); // the end of its output tells of it
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error: NodeJS.ErrnoException) => reject(cannotStart(command, error.code)));
  });
  child.on('error', () => undefined); // a signal that could not be sent: it has ended
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  // A server that nobody asks anything keeps no process alive; calls have deadlines, which do.
  child.unref();
  for (const stream of [stdin, stdout, stderr]) (stream as { unref?: () => void }).unref?.();
  return {
    output: stdout,
    write: (text) =>
      new Promise((resolve, reject) => {
        if (stdin.destroyed || stdin.writableEnded) reject(new Error('its input is closed'));
        else if (stdin.write(text)) resolve();
        else {
          stdin.once('drain', resolve);
          stdin.once('close', resolve);
        }
      }),
    complaint: () => complaint.trim(),
    async close() {
      stdin.end();
      child.ref();
      if (await within(ended, GRACE_MS)) return;
      signal(child, 'SIGTERM');
      if (await within(ended, GRACE_MS)) return;
      signal(child, 'SIGKILL');
      stdout.destroy();
      stderr.destroy();
      await within(ended, GRACE_MS);
    },
  };
}

/** To all of its group. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, name);
    else child.kill(name);
  } catch {
    child.kill(name); // the group has gone; the process itself is told
  }
}

const cannotStart = (command: string, code: string | undefined): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot start "${command}": ${code ?? 'it failed'}`, {
    details: { reason: code ?? 'spawn' },
    hint:
      code === 'ENOENT'
        ? 'There is no such program on the PATH, or no such working folder'
        : 'See that it may be executed',
    retryable: false,
  });
