import type { RunOptions } from '../contracts/api/run.ts';
import type { Described } from '../contracts/described-tool.ts';
import type { AnyHostFunction, Secret } from '../contracts/host-function.ts';
import type { Platform, ToolFile, ToolFiles } from '../contracts/platform.ts';
import type { ServerPowers } from '../contracts/server-powers.ts';
import type { Budget } from '../vocabulary/budget.ts';
import type { CalledTools } from '../vocabulary/called-tools.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import type { CheckedGrant } from '../vocabulary/check-grant.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { IsolationLevel } from '../vocabulary/levels.ts';
import type { Limits } from '../vocabulary/limits.ts';
import type { TellNotice } from '../vocabulary/notice.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import type { PolicySource } from '../vocabulary/policy.ts';
import type { OfTool } from '../vocabulary/telling.ts';
import type { ToolChoice } from '../vocabulary/tool-files.ts';

/** What the tools need of their runtime. */
export interface ToolsContext {
  /** @throws {TypeError | RangeError} on misuse. */
  readonly run: (
    options: RunOptions,
    of?: { readonly ceiling: () => CheckedGrant | undefined; readonly ofTool: OfTool },
  ) => Promise<Outcome>;
  /** What a `.wasm` says of itself as a tool. @throws {SandglassError} MODULE_INVALID */
  readonly describe: (bytes: Uint8Array) => Described;
  /** The tools that ship. Absent where there are no files. */
  readonly readShippedTools: (() => readonly ToolFile[]) | undefined;
  /** A file, or the files of a folder. Absent where there are none. */
  readonly readTools: ((path: string | URL, choice?: ToolChoice) => Promise<ToolFiles>) | undefined;
  readonly watchFolder: Platform['watchFolder'] | undefined;
  /** How servers are reached. */
  readonly servers: ServerPowers;
  readonly secret: (name: string) => Secret | undefined | Promise<Secret | undefined>;
  readonly tell: TellNotice | undefined;
  /** The level of a run that asks for this one, or for none. */
  readonly levelOf: (asked: IsolationLevel | undefined) => IsolationLevel;
  /** A run that goes on. @throws {TypeError} when it is not one of this runtime. */
  readonly outer: (identity: RunIdentity) => OuterRun;
  readonly policy: PolicySource;
  readonly limits: Partial<Limits>;
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  /** @throws {TypeError | RangeError} on a grant that a run would not take. */
  readonly checkGrant: (grant: Grant) => void;
  readonly events: EventStream;
  readonly monotonic: () => number;
  readonly now: () => number;
  /** Resolves after a time, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0..1 */
  readonly random: () => number;
}

export interface OuterRun {
  readonly identity: RunIdentity;
  readonly level: IsolationLevel;
  readonly grant: Grant;
  readonly budget: Budget | undefined;
  readonly called: CalledTools;
}
