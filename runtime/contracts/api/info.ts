import type { LimitName } from '../../vocabulary/limits.ts';
import type { IsolationLevel } from '../../vocabulary/outcome.ts';
import type { Engine, SnapshotInfo } from '../engine.ts';

export interface EngineInfo {
  readonly name: string;
  readonly version: string;
  readonly languages: readonly string[];
  /** What guests are written in or against, e.g. `ES2024`. */
  readonly languageVersion: string;
  readonly realm: Engine['realm'];
  readonly levels: readonly IsolationLevel[];
  /** Default of `memoryBytes` for its guests. */
  readonly memoryBytes: number;
  /** Where its guests can live on this platform. */
  readonly cells: readonly ('inline' | 'worker' | 'process')[];
  /** Limits that hold for its guests here. */
  readonly limits: readonly LimitName[];
  /** What its guests reach of a network by themselves: nothing, on every platform. Host functions do it for them, as granted. */
  readonly network: 'host functions only';
  /** What has to be there before a first run, or is made by it. */
  readonly setup: string;
  /** Names of the `options` that its runs take, e.g. `imports`. */
  readonly options: readonly string[];
  /** Sets of packages that its runs can start from, imported ahead, as they were configured. */
  readonly snapshots: readonly SnapshotInfo[];
  /** From asking to running in the last cold start that this runtime saw, ms; `null` before one. */
  readonly startupMs: number | null;
}

export interface PlatformInfo {
  readonly name: string;
  readonly version: string;
  readonly levels: readonly IsolationLevel[];
  readonly workers: boolean;
  readonly processes: boolean;
  /** WebAssembly can suspend on a promise. */
  readonly jspi: boolean;
  /** A cell can block on a host call. */
  readonly syncWait: boolean;
  /** A running guest can be ended from outside. */
  readonly hardKill: boolean;
  /** Bytes can be compiled to wasm at run time. */
  readonly compiles: boolean;
}
