import type { MountView } from '../../../contracts/host-function.ts';
import type { Limits } from '../../../vocabulary/limits.ts';
import type { Call } from '../choose-call.ts';
import type { WaitMode } from '../component-data.ts';
import type { PackedValue } from './packed-value.ts';

/**
 * The seam between a cell and the realm in which the glue of one run lives. Only primitives cross it, and buffers that the realm owns: an
 * object of the cell in the realm would lead to the cell's own `Function`.
 */

/** What the cell offers. Each function is wrapped again inside the realm, so that no error of the cell enters it. */
export interface RealmPort {
  now(): number;
  monotonic(): number;
  random(into: ArrayBuffer, offset: number, length: number): void;
  /** Text of bytes; throws for bytes that a fatal decoder does not take. `kind`: bits of `DECODER`. */
  decode(kind: number, buffer: ArrayBuffer, offset: number, length: number): string;
  /** Bytes that the UTF-8 form of a text takes; `load(ENCODED, …)` gives them. */
  encode(text: string): number;
  /** Writes what fits of a text; answers the bytes written, and `lastRead` the UTF-16 units that they stand for. */
  encodeInto(text: string, buffer: ArrayBuffer, offset: number, length: number): number;
  lastRead(): number;
  /** Guest output; 1 stdout, 2 stderr. False: the output is spent. */
  write(stream: number, buffer: ArrayBuffer, offset: number, length: number): boolean;
  /** Why the guest must stop, empty for nothing; tells what it has used. */
  stopReason(memoryBytes: number, fuel: number): string;
  /** Calls `fire(id)` after `ms`. */
  timer(id: number, ms: number): void;
  sleepSync(ms: number): void;
  /** Host call, at once: the `AnswerText`. `body` is moved out of the realm. */
  callSync(operation: string, args: string, body: ArrayBuffer | undefined): string;
  /** Host call: `settle(id, answer)` later. */
  call(id: number, operation: string, args: string, body: ArrayBuffer | undefined): void;
  /** Copies the bytes of an answer: the last one at once (0), or that of a call by its number. */
  take(id: number, into: ArrayBuffer): void;
  /** Copies bytes that came with the run, by their place; or what was encoded. */
  load(place: number, into: ArrayBuffer): void;
  /** Takes bytes of the result; moved out of the realm. Answers their place. */
  give(bytes: ArrayBuffer): number;
  /** How the run ended: a `PackedValue` of its result as JSON. Once. */
  done(result: string): void;
}

/** Bits of a kind of decoder; none of them is UTF-8 as the platform takes it by itself. */
export const DECODER = Object.freeze({ fatal: 1, ignoreBom: 2, utf16: 4 });

/** For `load`: not bytes of the run, but what was encoded last. */
export const ENCODED = -1;

/** What the realm offers. */
export interface RealmApi {
  /** Runs one component by a `RealmRun` as JSON; ends with `done`. */
  run(run: string): void;
  fire(id: number): void;
  settle(id: number, answer: string): void;
}

/** A run as the realm is told of it. */
export interface RealmRun {
  readonly mode: WaitMode;
  readonly imports: readonly string[];
  /** By the place of the module among those that the realm was given. */
  readonly cores: readonly string[];
  readonly call: Omit<Call, 'args'>;
  readonly args: PackedValue;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly limits: Limits;
  readonly mounts: readonly MountView[];
  readonly deterministic: boolean;
  readonly canBlock: boolean;
  /** Sizes of what `load` gives; the first is the standard input. */
  readonly sizes: readonly number[];
}

/** Evaluates, in a fresh realm, to this: takes the cell's port and modules, answers what the realm offers. */
export type BootRealm = (
  port: RealmPort,
  trampoline: WebAssembly.Module | undefined,
  ...modules: readonly WebAssembly.Module[]
) => (entry: unknown) => RealmApi;
