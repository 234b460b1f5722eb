import type { Engine, PreparedGuest } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { LIMITS } from '../../vocabulary/limits.ts';
import { type ComponentData, wantsFolders } from './component-data.ts';
import { execute } from './execute.ts';
import { refuseOptions } from './options.ts';

/** Raised with every change of what `prebuildComponent` writes. */
export const PREBUILT_FORMAT = 1;

/** `PrebuiltComponent.data`. */
export interface PrebuiltData {
  readonly format: number;
  readonly component: ComponentData;
}

/**
 * Runs components that were transpiled at build time: for platforms where nothing can be compiled, or no killable worker could do it. What it
 * runs comes from the embedder's own build; the guest inside is as untrusted as any.
 * @throws {SandglassError} from `prepare`: UNSUPPORTED for a component in bytes, MODULE_INVALID for one that another version prebuilt.
 */
export function createPrebuiltComponentEngine(): Engine {
  return {
    name: 'component',
    version: '0.1.0',
    languageVersion: 'component model, WASI 0.2',
    setup: 'each component prebuilt by prebuildComponent',
    languages: [],
    realm: 'exposed',
    memoryBytes: LIMITS.memoryBytes.default,
    stackSizeMb: 4,
    inline: true,
    executorUrl: '', // it runs inline only
    execute,
    prepare: async (source, context): Promise<PreparedGuest> => {
      if (source.kind !== 'wasm' || source.prebuilt === undefined) {
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot run ${source.kind === 'wasm' ? source.name : source.language}: components are transpiled at build time here`,
          { hint: 'Use prebuildComponent of sandglass/prebuild, and pass what its files export' },
        );
      }
      refuseOptions(context.options);
      const { data, instantiate, modules } = source.prebuilt;
      const { component } = readData(data, source.name);
      return {
        engine: 'component',
        data: component,
        wantsFolders: wantsFolders(component),
        modules: Object.fromEntries(
          Object.entries(modules).map(([name, module]) => [name, { module, bytes: new Uint8Array() }]),
        ),
        local: instantiate,
      };
    },
  };
}

function readData(data: unknown, name: string): PrebuiltData {
  const format = typeof data === 'object' && data !== null && 'format' in data ? data.format : undefined;
  if (format !== PREBUILT_FORMAT) {
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load ${name}: it was prebuilt in format ${format}, this version reads ${PREBUILT_FORMAT}`,
      { hint: 'Prebuild it again with prebuildComponent of this version' },
    );
  }
  return data as PrebuiltData; // this format is written by prebuildComponent only, in the embedder's own build
}
