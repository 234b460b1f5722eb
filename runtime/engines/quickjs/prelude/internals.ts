import { joinBytes } from './body.ts';
import { type Calls, exposed, refusalOf, standFor } from './calls.ts';
import { writeTo } from './console.ts';
import { decodeBinary, decodeUtf8, encodeUtf8, isUtf8, toBase64 } from './encoding.ts';
import { format } from './format.ts';
import { guestFrames } from './frames.ts';
import { Dirent, FileHandle, flagsOf, Stats } from './fs.ts';
import { fsError } from './fs-errors.ts';
import type { Host } from './host.ts';
import { inspect } from './inspect.ts';
import type { PathApi } from './path.ts';
import { bytesOf, exactBuffer, objectCreate } from './primordials.ts';
import { proxied } from './proxies.ts';
import { setup } from './state.ts';
import { setMakeStream } from './streams.ts';
import type { Timers } from './timers.ts';

/** What the library builds on: the parts of the prelude that guests do not see. It holds no power that a guest has not. */
export interface Internals {
  readonly host: Host;
  readonly calls: Calls;
  readonly timers: Timers;
  readonly path: PathApi;
  readonly setup: typeof setup;
  readonly inspect: typeof inspect;
  readonly format: typeof format;
  readonly guestFrames: typeof guestFrames;
  readonly write: (stream: 0 | 1, text: string) => void;
  readonly encodeUtf8: typeof encodeUtf8;
  readonly decodeUtf8: typeof decodeUtf8;
  readonly isUtf8: typeof isUtf8;
  readonly toBase64: typeof toBase64;
  readonly decodeBinary: typeof decodeBinary;
  readonly bytesOf: typeof bytesOf;
  /** Pieces, one after the other, in one. */
  readonly joinBytes: typeof joinBytes;
  readonly exactBuffer: typeof exactBuffer;
  /** The file functions as the prelude has them, whatever the program has made of the global. */
  readonly fs: Readonly<Record<string, unknown>>;
  readonly fsError: typeof fsError;
  readonly flagsOf: typeof flagsOf;
  readonly FileHandle: typeof FileHandle;
  readonly Stats: typeof Stats;
  readonly proxied: typeof proxied;
  readonly Dirent: typeof Dirent;
  /** What a part of the library exports; it is compiled when it is first asked for. */
  readonly part: (name: string) => Readonly<Record<string, unknown>>;
  readonly setMakeStream: typeof setMakeStream;
  readonly exposed: typeof exposed;
  readonly refusalOf: typeof refusalOf;
  readonly standFor: typeof standFor;
  /** What the library wants to be told. */
  readonly hooks: {
    /** A further run of a kept guest begins. */
    readonly begin: (() => void)[];
    /** The program has ended well, and its value is about to be taken. */
    readonly end: (() => void)[];
    /** A callback for the context of now, from when there is one. */
    bind: (<F>(callback: F) => F) | undefined;
    /** Runs what waits for the end of the present callback: how many there were. */
    ticks: (() => number) | undefined;
    /** Nothing is left to do: whether somebody was told. */
    beforeExit: (() => boolean) | undefined;
    /** Who takes an error that nobody caught, or that a promise was rejected with: whether it did. */
    uncaught: ((error: unknown, rejected: boolean) => boolean) | undefined;
  };
}

type Part = Readonly<Record<string, unknown>>;
const parts = objectCreate(null) as Record<string, Part>;

export const createInternals = (host: Host, calls: Calls, timers: Timers, path: PathApi): Internals => ({
  host,
  calls,
  timers,
  path,
  setup,
  inspect,
  format,
  guestFrames,
  write: (stream, text) => writeTo(host, stream, text),
  encodeUtf8,
  decodeUtf8,
  isUtf8,
  toBase64,
  decodeBinary,
  bytesOf,
  joinBytes,
  exactBuffer,
  fs: (globalThis as unknown as { readonly fs: Internals['fs'] }).fs, // the prelude has just set it
  fsError,
  flagsOf,
  FileHandle,
  Stats,
  proxied,
  Dirent,
  part: (name) => {
    parts[name] ??= host.part(name) as Part; // our own build made it
    return parts[name];
  },
  setMakeStream,
  exposed,
  refusalOf,
  standFor,
  hooks: {
    begin: [],
    end: [],
    bind: undefined,
    ticks: undefined,
    beforeExit: undefined,
    uncaught: undefined,
  },
});
