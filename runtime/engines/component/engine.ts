import type { Engine, Executor, PrepareContext, PreparedGuest } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { LIMITS } from '../../vocabulary/limits.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';
import type { ComponentData, WaitMode } from './component-data.ts';
import { refuseOptions } from './options.ts';
import { toolExports } from './tool-exports.ts';

/** Prepared components in memory, as they were instrumented; what is compiled of them takes a few times that. */
const KEPT_BYTES = 256 * MIB;

/** Its core modules, their compiled code, and the glue. */
const weightOf = ({ data, modules }: PreparedGuest): number =>
  Object.values(modules).reduce((sum, { bytes }) => sum + 2 * bytes.byteLength, 0) +
  2 * (data as ComponentData).glue.length; // prepareComponent made it

export interface ComponentEngineOptions {
  /**
   * How a guest waits for the host. `jspi` suspends it, `sync` blocks its thread through the cell's bridge. @default 'auto': `jspi` where the
   * platform has it and the component imports something that may wait
   */
  readonly mode?: 'auto' | WaitMode;
  /** Longest time that one component may take to be transpiled, ms. @default 30_000. Over it: MODULE_INVALID */
  readonly transpileTimeoutMs?: number;
  /** JavaScript heap of the transpiling worker, MB. @default 1_024 */
  readonly transpileMemoryMb?: number;
  /** Prepared components kept in memory. @default 16 */
  readonly keep?: number;
  /**
   * URL of an executor that runs each guest's glue in a realm of its own, so that a cell can serve again. @default this engine's own, whose cells
   * serve once
   */
  readonly sealedExecutorUrl?: string;
  /** Make glue of every component, also where our own linker would do: for those who ship it. @default false */
  readonly glueOnly?: boolean;
}

/**
 * Runs WebAssembly components: the world `sandglass:host/tool`, WASI 0.2 commands, and single exported functions.
 * @throws {SandglassError} from `prepare`: MODULE_INVALID for what is not a component, imports something unknown, or does not compile.
 */
export function createComponentEngine(options: ComponentEngineOptions = {}): Engine {
  const {
    mode = 'auto',
    transpileTimeoutMs = 30_000,
    transpileMemoryMb = 1_024,
    keep = 16,
    sealedExecutorUrl,
    glueOnly = false,
  } = options;
  const prepareOptions = {
    mode,
    transpileTimeoutMs,
    transpileMemoryMb,
    jobUrl: ownUrl(import.meta.url, './glue/transpile-job').href,
    linkUrl: ownUrl(import.meta.url, './linking/link-job').href,
    describeUrl: ownUrl(import.meta.url, './describe-job').href,
    glueOnly,
  };
  const kept = new Recent<Promise<PreparedGuest>>(keep, KEPT_BYTES);
  let executor: Executor | undefined;

  const prepareOnce = (key: string, prepare: () => Promise<PreparedGuest>): Promise<PreparedGuest> => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const preparing = prepare();
    kept.set(key, preparing);
    preparing.then(
      (guest) => kept.weigh(key, preparing, weightOf(guest)),
      () => kept.delete(key),
    );
    return preparing;
  };

  return {
    name: 'component',
    version: '0.1.0',
    languageVersion: 'component model, WASI 0.2',
    setup: 'each component transpiled by its first run and then cached',
    languages: [],
    // Glue is generated from the binary. In the cell's own realm it may do so once, although names in it are checked.
    realm: sealedExecutorUrl === undefined ? 'exposed' : 'sealed',
    memoryBytes: LIMITS.memoryBytes.default,
    stackSizeMb: 4,
    inline: true,
    executorUrl: sealedExecutorUrl ?? ownUrl(import.meta.url, './execute', './execute.cell').href,
    // Brought in by the first run in this thread; cells import it by its URL.
    execute: async (...run) => {
      executor ??= await import('./execute.ts');
      return executor.execute(...run);
    },
    open: async () => (await import('./execute.ts')).open(),
    toolExports,
    prepare: async (source, context: PrepareContext) => {
      if (source.kind !== 'wasm') {
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot run ${source.language}: components are wasm binaries`,
        );
      }
      refuseOptions(context.options);
      if (source.prebuilt !== undefined) {
        const { createPrebuiltComponentEngine } = await import('./prebuilt.ts');
        return createPrebuiltComponentEngine().prepare(source, context);
      }
      const key = `${source.hash}/${context.limits.memoryBytes}`;
      return prepareOnce(key, async () => {
        const { prepareComponent } = await import('./prepare.ts');
        return prepareComponent(source, context, prepareOptions);
      });
    },
  };
}
