import type { JsonObject } from '../vocabulary/json.ts';
import type { TellNotice } from '../vocabulary/notice.ts';
import type { ToolChoice } from '../vocabulary/tool-files.ts';
import type { CellCounts } from './api/health.ts';
import type { PlatformInfo } from './api/info.ts';
import type { CellOptions } from './api/runtime.ts';
import type { Cell } from './cell.ts';
import type { ByteCache, CompiledModule, Engine, PrepareContext, RunJob } from './engine.ts';
import type { AnyHostFunction, HostContext } from './host-function.ts';
import type { RunPort } from './operations/run.ts';
import type { ToolsPort } from './operations/tools.ts';
import type { ServerPowers } from './server-powers.ts';

/** What one platform brings: the only seam between the runtime and the machine it runs on. */
export interface Platform {
  readonly info: PlatformInfo;
  /** Names of the options that the entry of this platform has beside those of every runtime. */
  readonly ownOptions?: readonly string[];
  readonly inline: Cell;
  /** Starts the pools of cells outside this thread; absent where there are none. */
  openPools?(options: Required<CellOptions>, prepare: PrepareContext): CellPools;
  /** @throws on bytes that are no wasm. */
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  /** Reads a module of the embedder's own; absent where there are no files. @throws {SandglassError} INPUT_INVALID when it cannot be read. */
  readModule?(path: string | URL, maxBytes: number): Promise<Uint8Array>;
  /** Those of these host folders that are not there; absent where there are none. */
  missingFolders?(folders: readonly string[]): readonly string[];
  /**
   * A file, or the files of a folder that could be tools and what stands beside them; absent where there are no files. Nothing outside of the folder
   * is read.
   * @throws {SandglassError} INPUT_INVALID when it cannot be read.
   */
  readTools?(path: string | URL, choice?: ToolChoice): Promise<ToolFiles>;
  /** Calls back some time after a file or a folder may have changed; answers what ends that. @throws when there is nothing to watch. */
  watchFolder?(path: string | URL, onChange: () => void): () => void;
  /** How servers with tools are reached; absent where none is. */
  readonly servers?: ServerPowers;
  /** The tools that ship. Absent where there are no files. */
  readShippedTools?(): readonly ToolFile[];
  /** SHA-256 of large bytes with turns for others between, lower-case hex. */
  sha256Hex?(bytes: Uint8Array): Promise<string>;
  /** Compares two byte strings faster than a loop does. */
  sameBytes?(one: Uint8Array, other: Uint8Array): boolean;
  /** A cache of derived bytes. `folder` absent: the platform's own place; `undefined` answer: none here. */
  openCache?(folder: string | undefined, tell: TellNotice): ByteCache;
  readonly job?: RunJob;
  /** Absent: tools take whatever they are called with. */
  readonly checkInput?: CheckInput;
  /** The turns of one run at work that its host functions do in pieces, in the thread that all runs share. */
  openTurns(): NonNullable<HostContext['inTurn']>;
  /** The engines that are wired by default. */
  readonly engines: readonly Engine[];
  /** The host functions that are wired by default. */
  readonly hostFunctions: readonly AnyHostFunction[];
  /** The host function `tools` of guests, handed the tools of the runtime; absent: no guest calls tools. */
  readonly createToolsFunction?: (port: ToolsPort) => AnyHostFunction;
  /** The host functions that start guests, handed what begins runs; absent: no guest starts guests. */
  readonly createRunFunctions?: (port: RunPort) => readonly AnyHostFunction[];
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Processors, for the default number of cells. */
  readonly processors: number;
}

/** Holds what a tool is called with to the schema of its manifest, neither of which anybody trusts. */
export type CheckInput = (
  schema: JsonObject,
  input: JsonObject,
  job: RunJob | undefined,
) => Promise<InputCheck>;

export type InputCheck =
  | { readonly kind: 'fits' }
  /** Each place that does not fit: path in the input, and what must be there. */
  | {
      readonly kind: 'faults';
      readonly faults: readonly { readonly path: string; readonly message: string }[];
    }
  | { readonly kind: 'no-schema'; readonly reason: string }
  /** It would cost too much where it could not be killed. */
  | { readonly kind: 'no-check'; readonly reason: string };

/** A policy that stands in a file. */
export interface PolicyFile {
  /** As messages name it. */
  readonly path: string;
  /** What it holds, as JSON. @throws {SandglassError} MANIFEST_INVALID */
  read(): unknown;
  /** Calls back some time after it may have changed. Answers what ends that. */
  watch(onChange: () => void): () => void;
}

export interface ToolFiles {
  /** In order of path. */
  readonly files: readonly ToolFile[];
  /** It is a file that was asked for, not a folder. */
  readonly alone: boolean;
}

/** A file that may be a tool. */
export interface ToolFile {
  /** As it is shown, below the folder that was asked for. */
  readonly path: string;
  /** Where it is: two of the same place are one file. Shown to nobody. */
  readonly at: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Text of the manifest beside it, `NAME.json`. */
  readonly manifest: string | undefined;
  /** What it imports by name, where that comes with it. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Why it cannot be one, where that is known already: it is too large, or leads out of the folder. */
  readonly refused?: string;
  /** Nobody would take it for a tool: it is told, and is no attempt at anything. */
  readonly noise?: true;
}

export interface CellPools {
  readonly worker?: Cell;
  readonly process?: Cell;
  /** What they do, by state. */
  counts(): CellCounts;
  close(): Promise<void>;
}

export type LoadModule = () => Promise<CompiledModule>;
