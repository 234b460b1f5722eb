import type { TellNotice } from '../vocabulary/notice.ts';
import type { PlatformInfo } from './api/info.ts';
import type { CellOptions } from './api/runtime.ts';
import type { Cell } from './cell.ts';
import type { ByteCache, CompiledModule, Engine, PrepareContext, RunJob } from './engine.ts';
import type { AnyHostFunction } from './host-function.ts';

/** What one platform brings: the only seam between the runtime and the machine it runs on. */
export interface Platform {
  readonly info: PlatformInfo;
  readonly inline: Cell;
  /** Starts the pools of cells outside this thread; absent where there are none. */
  openPools?(options: Required<CellOptions>, prepare: PrepareContext): CellPools;
  /** @throws on bytes that are no wasm. */
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  /** Reads a module of the embedder's own; absent where there are no files. @throws {SandglassError} INPUT_INVALID when it cannot be read. */
  readModule?(path: string | URL): Promise<Uint8Array>;
  /** Compares two byte strings faster than a loop does. */
  sameBytes?(one: Uint8Array, other: Uint8Array): boolean;
  /** A cache of derived bytes. `folder` absent: the platform's own place; `undefined` answer: none here. */
  openCache?(folder: string | undefined, tell: TellNotice): ByteCache;
  readonly job?: RunJob;
  /** The engines that are wired by default. */
  readonly engines: readonly Engine[];
  /** The host functions that are wired by default. */
  readonly hostFunctions: readonly AnyHostFunction[];
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Processors, for the default number of cells. */
  readonly processors: number;
}

export interface CellPools {
  readonly worker?: Cell;
  readonly process?: Cell;
  close(): Promise<void>;
}

export type LoadModule = () => Promise<CompiledModule>;
