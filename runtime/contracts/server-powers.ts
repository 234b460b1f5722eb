import type { Secret } from './host-function.ts';

/** How tools reach servers: what a platform can give of it. */
export interface ServerPowers {
  /** Absent where there are no processes. @throws {SandglassError} HOST_CALL_FAILED when it cannot be started. */
  readonly spawn?: (command: ServerCommand) => Promise<ServerProcess>;
  /** Requests to one origin, checked where they are dialled. */
  readonly connect?: (target: ServerTarget) => Promise<ServerRequests>;
  /** What is kept of what servers have told, in a file. Absent where there are none. */
  readonly openPins?: (path: string | URL) => PinStore;
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

export interface ServerProcess {
  readonly output: AsyncIterable<Uint8Array>;
  /** Resolves once the pipe has room again. */
  write(text: string): Promise<void>;
  /** The end of what it wrote to stderr, 4,096 characters at most. */
  complaint(): string;
  /** Ends it: its input first, then by force. */
  close(): Promise<void>;
}

export interface ServerTarget {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: Secret | undefined;
  /** Of an answer, or of one event of a stream. */
  readonly maxMessageBytes: number;
}

export interface ServerRequests {
  /** As `fetch`, and to the one origin only; an answer over the bound breaks off. */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** What of an answer would give the secret away. */
  readonly traces: readonly string[];
  close(): Promise<void>;
}

/** What was confirmed of servers: name of a server → what it is, and the hashes of its tools. */
export interface PinStore {
  /** @throws {SandglassError} INPUT_INVALID for a file that is none. */
  read(): Promise<Pins>;
  write(pins: Pins): Promise<void>;
}

export type Pins = { readonly [server: string]: ServerPins };

export interface ServerPins {
  /** SHA-256 of where it is: another command or URL of the same name is another server. */
  readonly source: string;
  /** Name of a tool there → SHA-256 of what is told of it. */
  readonly tools: { readonly [tool: string]: string };
}
