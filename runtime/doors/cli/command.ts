import type { ModuleReport } from '../../catalog/module-report.ts';
import type { ModuleInfo } from '../../contracts/api/module.ts';
import type { Runtime } from '../../contracts/api/runtime.ts';
import type { FetchedPackage } from '../../index.packages.ts';
import type { NodeRuntimeOptions, PythonPackageOptions } from '../../index.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import type { Terminal } from './terminal.ts';

/** One command of `sandglass`. */
export interface Command {
  readonly name: string;
  /** One line of the list of commands. */
  readonly summary: string;
  /** After the command's name, e.g. `FILE|- [flags] [-- guest arguments]`. */
  readonly usage: string;
  /** Shown below the usage line, one paragraph an element. */
  readonly about: readonly string[];
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  /**
   * Does the work and answers the exit code.
   * @throws {UsageError} when the command line is wrong; {SandglassError} for what has a code.
   */
  readonly run: (context: CommandContext, parsed: ParsedArguments) => Promise<number>;
  /** Commands by their second word: their names are both words. The flags of this one are those of all. */
  readonly subcommands?: readonly Command[];
}

/** What `main.ts` wires. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly version: string;
  readonly createRuntime: (options: NodeRuntimeOptions) => Promise<Runtime>;
  /** Gives what checks untrusted bytes and tells what they are; that throws MODULE_INVALID. */
  readonly loadInspector: () => Promise<(bytes: Uint8Array<ArrayBuffer>) => ModuleReport>;
  /** Looks at what a client sent; large bytes in a worker. */
  readonly inspectUpload: (bytes: Uint8Array<ArrayBuffer>) => Promise<ModuleInfo>;
  /** Gives what fetches packages of Python guests into the cache; that throws what has a code. */
  readonly loadPackages: () => Promise<
    (
      sources: PythonPackageOptions,
      names: readonly string[],
      onDownload: (what: string) => void,
    ) => Promise<readonly FetchedPackage[]>
  >;
}
