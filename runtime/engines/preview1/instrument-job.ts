import { SandglassError } from '../../vocabulary/errors.ts';
import { guardBinary } from '../../wasm/guard.ts';
import { inspectBinary } from '../../wasm/inspect.ts';
import { instrument } from '../../wasm/instrument.ts';
import type { ModuleData } from './module-data.ts';
import { readModule } from './read-module.ts';

/** Input of the job: bytes that nobody has looked at. */
export interface InstrumentInput {
  readonly bytes: Uint8Array;
  /** For messages. */
  readonly name: string;
}

/** A module made ready for any cap on its memory. */
export interface Instrumented {
  readonly data: ModuleData;
  readonly minimumPages: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Elements of all tables together; one takes some 16 bytes of the host's memory. */
const MAX_TABLE_ELEMENTS = 1_000_000;
/** As much as can be addressed: the cap of a run is put on later. */
const ALL_PAGES = 65_536;

/**
 * Guard → imports and exports → fuel. Large modules go through it in a worker that can be killed.
 * @throws {SandglassError} MODULE_INVALID.
 */
export function job(input: unknown): Instrumented {
  const { bytes, name } = input as InstrumentInput; // only prepare.ts sends this job
  const guarded = guardBinary(bytes, { maxTableElements: MAX_TABLE_ELEMENTS });
  if (guarded.kind !== 'module') {
    throw new SandglassError('MODULE_INVALID', `Cannot load "${name}": it is a component, not a core module`);
  }
  return {
    data: readModule(name, inspectBinary(bytes)),
    minimumPages: guarded.minimumPages,
    bytes: instrument(bytes, {
      maxMemoryPages: ALL_PAGES,
      maxTableElements: MAX_TABLE_ELEMENTS,
      fuel: true,
    }),
  };
}
