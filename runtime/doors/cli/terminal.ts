import type { Buffer } from 'node:buffer';
import { joinBytes } from '../../vocabulary/bytes.ts';
import { isPiped } from './piped-stdin.ts';

/** Where a command reads and writes; tests bring their own. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Somebody has put something into stdin. */
  readonly stdinIsPiped: boolean;
  /** All of stdin. @throws {RangeError} over `maxBytes`. */
  readStdin(maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
  /** stdin as it comes, until the signal aborts: a writer that goes on holding it open then keeps no process up. */
  openStdin(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Calls `action` on SIGINT and SIGTERM; a second signal ends the process at once. The answer takes it back. */
  onSignal(action: (signal: Signal) => void): () => void;
}

export type Signal = 'SIGINT' | 'SIGTERM';

export interface Output {
  readonly isTerminal: boolean;
  /** Width of the terminal, characters, now. */
  readonly columns?: number | undefined;
  /** Text or bytes as they are. Without effect once the reader has gone. */
  write(content: string | Uint8Array): void;
  /** Calls `action` when the reader goes away, e.g. `| head -1`. The answer takes it back. */
  onBroken(action: () => void): () => void;
  /** Why what was written did not arrive, unless its reader just went away. */
  failure(): string | undefined;
  /** Bytes that were written and have not gone out. */
  readonly waitingBytes: number;
  /** Resolves when all that was written has gone out, or has nowhere to go. */
  flush(): Promise<void>;
}

/** Conventional exit codes of a process that a signal ended. */
export const SIGNAL_EXIT_CODES: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143 };

export function createProcessTerminal(): Terminal {
  return {
    stdout: createOutput(process.stdout),
    stderr: createOutput(process.stderr),
    cwd: process.cwd(),
    env: process.env,
    stdinIsPiped: isPiped(),
    readStdin,
    openStdin(signal) {
      const leave = (): void => void process.stdin.destroy();
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      return process.stdin as AsyncIterable<Uint8Array>; // without an encoding the stream gives buffers only
    },
    onSignal(action) {
      let seen = false;
      const listeners = (['SIGINT', 'SIGTERM'] as const).map((signal) => {
        const listener = (): void => {
          if (seen) process.exit(SIGNAL_EXIT_CODES[signal]);
          seen = true;
          action(signal);
        };
        process.on(signal, listener);
        return () => process.off(signal, listener);
      });
      return () => {
        for (const takeBack of listeners) takeBack();
      };
    },
  };
}

function createOutput(stream: NodeJS.WriteStream): Output {
  let broken = false;
  let failure: string | undefined;
  const actions = new Set<() => void>();
  // A pipe whose reader has gone raises EPIPE, for each write that is under way; nothing can be shown there any more.
  stream.on('error', (error: Error & { readonly code?: unknown }) => {
    broken = true;
    if (error.code !== 'EPIPE')
      failure = error.code === 'ENOSPC' ? 'no space is left' : `system error ${error.code}`;
    for (const action of actions) action();
  });
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns;
    },
    write: (content) => {
      if (!broken && content.length > 0) stream.write(content);
    },
    onBroken: (action) => {
      actions.add(action);
      return () => actions.delete(action);
    },
    failure: () => failure,
    get waitingBytes() {
      return stream.writableLength;
    },
    flush: () =>
      broken || stream.writableLength === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            const done = (): void => {
              stream.off('error', done);
              resolve();
            };
            stream.once('error', done);
            stream.write('', done);
          }),
  };
}

async function readStdin(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    // Without an encoding the stream gives buffers only.
    length += chunk.byteLength;
    if (length > maxBytes) throw new RangeError(`Cannot read stdin: over ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}
