import type { OutputChunk } from '../contracts/api/run.ts';
import type { Cell } from '../contracts/cell.ts';
import type { Engine, PrepareContext } from '../contracts/engine.ts';
import type { AnyHostFunction, HostContext, Secret } from '../contracts/host-function.ts';
import type { CheckInput } from '../contracts/platform.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import type { CheckedGrant } from '../vocabulary/check-grant.ts';
import type { SandglassError } from '../vocabulary/errors.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import type { IsolationLevel } from '../vocabulary/levels.ts';
import type { OfTool } from '../vocabulary/telling.ts';
import type { TakenModule } from './known-modules.ts';
import type { LiveRun } from './live-runs.ts';
import type { Nest } from './nests.ts';
import type { RunRequest } from './read-run-options.ts';
import type { LimitCeilings } from './run-limits.ts';
import type { OpenSession } from './session/sessions.ts';

/** What one run needs of its runtime. */
export interface SandboxContext extends LimitCeilings {
  readonly engines: readonly Engine[];
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  /** The cell for a level and an engine; a level the platform cannot give throws UNSUPPORTED. */
  readonly cellFor: (level: IsolationLevel, engine: Engine) => Cell;
  readonly prepare: Omit<PrepareContext, 'limits'>;
  /** Reads and takes a module of the embedder's own. */
  readonly readModule: (path: string | URL) => Promise<TakenModule>;
  /** Bytes of one module. */
  readonly maxModuleBytes: number;
  readonly checkInput: CheckInput | undefined;
  readonly secret: (name: string, identity: RunIdentity) => Secret | undefined | Promise<Secret | undefined>;
  /** The grant every run gets at most, part by part, as it is now; absent: no ceiling. */
  readonly policy: CheckedGrant | undefined;
  readonly events: EventStream;
  readonly monotonic: () => number;
  readonly now: () => number;
  /** The turns of one run at work that its host functions do in pieces. */
  readonly openTurns: () => NonNullable<HostContext['inTurn']>;
}

/** One run, once its options were read. */
export interface SandboxRun {
  readonly identity: RunIdentity;
  readonly request: RunRequest;
  readonly level: IsolationLevel;
  readonly signal: AbortSignal;
  /** Gives up the wait for the turn of its session. */
  readonly waiting?: AbortSignal | undefined;
  readonly onOutput: ((chunk: OutputChunk) => void) | undefined;
  /** What the run offers to those nested in it. */
  readonly nest: Nest;
  /** What the run that it is nested in offers. */
  readonly outer: Nest | undefined;
  /** The ceiling of this run, as it is now. */
  readonly ceiling: () => CheckedGrant | undefined;
  /** What its caller may be granted at most: each is a ceiling. */
  readonly callerGrants: readonly CheckedGrant[];
  /** The call of a tool that it is for. */
  readonly ofTool: OfTool | undefined;
  /** Told how the run is going. */
  readonly live: LiveRun;
  /** The session that the run asks for, or why it cannot run in it. */
  readonly session?: OpenSession | SandglassError | undefined;
}
