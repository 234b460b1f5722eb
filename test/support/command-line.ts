import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../runtime/doors/cli/main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** stdout as it came. */
  readonly outBytes: Uint8Array;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves with all of stdout so far once it matches. Rejects when the process ends before. */
  outputMatching(pattern: RegExp): Promise<string>;
}

/** Environment of a fresh shell: nothing of the test's own but what a process needs, and where its sources lie compiled. */
export const ENV = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
};

/** Starts the real command line in its own process. */
export function startCli(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly stdin?: string;
    /** Nobody ends stdin: the process has to end without. */
    readonly keepsStdin?: boolean;
    readonly env?: Record<string, string>;
  },
): Started {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd,
    env: { ...ENV, ...options.env },
  });
  let out = '';
  let err = '';
  const chunks: Buffer[] = [];
  const decoder = new TextDecoder();
  child.stdout.on('data', (bytes: Buffer) => {
    chunks.push(bytes);
    out += decoder.decode(bytes, { stream: true });
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  child.stdin.on('error', () => undefined); // a process that reads no stdin may close it first
  if (options.keepsStdin === true) child.stdin.write(options.stdin ?? '');
  else child.stdin.end(options.stdin ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err, outBytes: Buffer.concat(chunks) }));
  });
  return {
    child,
    ended,
    outputMatching: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (pattern.test(out)) resolve(out);
        };
        look();
        child.stdout.on('data', look);
        void ended.then(() => reject(new Error(`Ended without ${pattern}: ${out}${err}`)));
      }),
  };
}

export const runCli = (args: readonly string[], options: Parameters<typeof startCli>[1]): Promise<Ended> =>
  startCli(args, options).ended;
