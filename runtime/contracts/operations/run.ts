import type { RunIdentity } from '../../vocabulary/caller.ts';
import type { SharedPart } from '../../vocabulary/grants/run.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';

/** What guests ask of the host function `run`: operation → its arguments. */
export interface RunOperations {
  /** Answers a `StartedRun`; a run that fails is the error it ended with, with its own code. */
  'run.start': StartRun;
  /** Answers `{ cancelled }`: whether there was such a run of the same caller. */
  'run.cancel': { readonly runId: string };
}

export interface StartRun {
  readonly language: string;
  readonly code: string;
  readonly filename?: string;
  readonly argv?: readonly string[];
  readonly stdin?: string;
  readonly inputs?: JsonObject;
  /** Packages of Python. */
  readonly packages?: readonly string[];
  /** Path below `/tmp` → text, or `{ base64 }` for bytes. */
  readonly files?: Readonly<Record<string, JsonValue>>;
  /** Paths and patterns below `/tmp` of what is given back. */
  readonly collect?: readonly string[];
  readonly limits?: Partial<Limits>;
  /** Parts of the own grant that it gets. @default none */
  readonly share?: readonly SharedPart[];
  /** Ends the id of the run, which begins with the own one: so it is known before the run ends. 1 to 16 letters, digits and `_`. */
  readonly tag?: string;
}

/** How a run ended that ended well. */
export interface StartedRun {
  readonly runId: string;
  /** JSON form of its value; null where there is none. */
  readonly value: JsonValue;
  readonly stdout: string;
  readonly stderr: string;
  readonly files: Readonly<Record<string, JsonValue>>;
  readonly usage: {
    readonly fuel: number | null;
    readonly durationMs: number;
    readonly memoryBytes: number | null;
  };
}

/** A module of ours, which is granted nothing. */
export interface OwnModuleRun {
  readonly module: Uint8Array;
  readonly filename: string;
  /** A function that it exports. @default it is a command */
  readonly invoke?: string;
  readonly stdin: string | Uint8Array;
  readonly collect: readonly string[];
  readonly limits: Partial<Limits>;
  readonly tag?: undefined;
}

/** What host functions that start runs are handed: they start nothing themselves. */
export interface RunPort {
  /**
   * A run within the one that asks: its caller, its budget, its end.
   * @param further How deep what is started may start others.
   * @throws {TypeError | RangeError} on options that are not those of a run.
   */
  start(
    asked:
      | OwnModuleRun
      | (Omit<StartRun, 'files' | 'share'> & {
          readonly files: Readonly<Record<string, string | Uint8Array>>;
        }),
    asking: {
      readonly run: RunIdentity;
      readonly signal: AbortSignal;
      readonly share: readonly SharedPart[];
      readonly further: JsonObject | undefined;
    },
  ): Promise<Outcome>;
  /** Ends a run by its id. Answers whether there was one of the same caller. */
  cancel(runId: string, asking: RunIdentity): boolean;
}
