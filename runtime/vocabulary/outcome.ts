import type { CalledTool } from './called-tools.ts';
import type { ErrorCode, RunError } from './errors.ts';
import type { Grant } from './grant.ts';
import type { GuestValue } from './guest-value.ts';
import type { Limits } from './limits.ts';
import type { Resource } from './resource.ts';
import type { Usage } from './usage.ts';

export type IsolationLevel = 'minimal' | 'standard' | 'strict' | 'maximum';

/**
 * How a run ended. Never both `value` and `error`. `JSON.stringify` gives the form that the HTTP door answers: bigints as decimal text, bytes
 * as `{ "$bytes": base64 }`.
 */
export type Outcome = RunSuccess | RunFailure;

interface OutcomeBase {
  readonly stdout: string;
  readonly stderr: string;
  /** Status of a command module; absent for scripts and calls. */
  readonly exitCode?: number;
  /** What the run was told to `collect`: path below the scratch folder → bytes. Absent when it was not told to. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  readonly usage: Usage;
  readonly meta: OutcomeMeta;
}

export interface RunSuccess extends OutcomeBase {
  readonly ok: true;
  /** Last expression of a script, default export of a module, answer of an invoked function; `undefined` if there is none. */
  readonly value: GuestValue;
}

export interface RunFailure extends OutcomeBase {
  readonly ok: false;
  readonly error: RunError;
}

/** What a run that was observed has needed. */
export interface Observed {
  /** Under it the same calls are allowed. Host paths start where those of the given grant do. */
  readonly grant: Grant;
  /** To be given as `cwd` beside it: the folder that relative paths started at is no longer the first mount. */
  readonly cwd?: string;
}

export interface OutcomeMeta {
  readonly runId: string;
  /** Engine name; `null` when the run ended before one was chosen. */
  readonly engine: string | null;
  readonly engineVersion: string | null;
  readonly level: IsolationLevel;
  /** The limits that held. */
  readonly limits: Limits;
  /** Time spent waiting for a free cell, ms; not part of `usage.durationMs`. */
  readonly queuedMs: number;
  readonly attempts: number;
  readonly cached: boolean;
  /** The guest had more to say than its outputBytes allowed: stdout and stderr hold what fitted. */
  readonly truncated: boolean;
  /** Of a tool that is here and on a server: where it was tried after the place that comes first had failed. */
  readonly fallback?: 'local' | 'remote';
  /**
   * `text`: the program's value has no JSON form, and `value` is the text that its language shows of it (`repr` in Python). Absent for a
   * value as it is.
   */
  readonly valueForm?: 'text';
  /** The tools that it called, in the order of their ends, at most 1,000; absent when it called none. */
  readonly calls?: readonly CalledTool[];
  /** How many more there were. */
  readonly callsLeftOut?: number;
  /** Of a run with `observe`. Absent when there were too many different calls to tell. */
  readonly observed?: Observed;
  /** Of a run with `trace`: what it did, in order, at most 1,000 steps and its end. */
  readonly trace?: readonly RunStep[];
  /** How many more there were. */
  readonly traceLeftOut?: number;
  /** The session that the run asked for; absent outside of sessions. */
  readonly session?: string;
  /** With this run the session ended: its guest was stopped, trapped, crashed or exited. Absent while it stays open. */
  readonly sessionEnded?: true;
}

/** Something that a run did. No content is in it: of a host call only what it was about. */
export type RunStep = StepAbout & {
  /** Since the run was asked for, ms. */
  readonly atMs: number;
};

export type StepAbout =
  | {
      readonly kind: 'run.started';
      readonly engine: string;
      readonly level: IsolationLevel;
      readonly queuedMs: number;
    }
  | {
      readonly kind: 'host.called';
      readonly operation: string;
      readonly resource?: Resource;
      readonly decision: 'allowed' | 'refused';
      readonly code?: ErrorCode;
      readonly durationMs: number;
    }
  /** The guest's own words, at most 500 characters of each. */
  | { readonly kind: 'guest.logged'; readonly level: string; readonly message: string }
  | { readonly kind: 'run.ended'; readonly ok: boolean; readonly code?: ErrorCode };
