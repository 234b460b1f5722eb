import type { ForeignImport } from './check-foreign.ts';
import type { Signature } from './signature.ts';

/** What a cell is told of a module beside its code; plain data. */
export interface ModuleData {
  /** What a program is told as its own name. */
  readonly name: string;
  /** Exported functions, our own reserved names left out. */
  readonly functions: readonly Signature[];
  /** The WASI functions that it imports. */
  readonly wasi: readonly string[];
  /** It imports `env.abort`, as AssemblyScript's modules do. */
  readonly abort: boolean;
  /** It imports `sandglass.call`. */
  readonly call: boolean;
  /** It is an interpreter of ours, and this is what it runs. */
  readonly script?: ScriptData;
  /** Functions that it imports and that are not of WASI. */
  readonly foreign: readonly ForeignImport[];
  /** What its memories begin with, bytes; one that is not exported cannot be looked at later. */
  readonly minimumBytes: number;
}

/** What an interpreter is told beside the run itself. */
export interface ScriptData {
  readonly script: string;
  /** Name of the file, as errors show it. */
  readonly name: string;
  /** Commands that the script may use; absent: all there are. */
  readonly commands?: readonly string[];
}

/** Name of the compiled module in a prepared guest. */
export const MODULE = 'module';
