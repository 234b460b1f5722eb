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
  /** It has things on the collected heap, which shares the cap with its memory. */
  readonly collected: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** All of it, as a cache keeps it; `bytes` are part of it. */
  readonly packed: Uint8Array<ArrayBuffer>;
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
  return pack(
    {
      data: readModule(name, inspectBinary(bytes)),
      minimumPages: guarded.minimumPages,
      collected: guarded.collected,
    },
    instrument(bytes, {
      maxMemoryPages: ALL_PAGES,
      maxTableElements: MAX_TABLE_ELEMENTS,
      fuel: true,
      collectedHeap: 'counted',
    }),
  );
}

/** The facts as JSON, its length in front, then the code. */
function pack(
  facts: Pick<Instrumented, 'data' | 'minimumPages' | 'collected'>,
  code: Uint8Array,
): Instrumented {
  const text = new TextEncoder().encode(JSON.stringify(facts));
  const packed = new Uint8Array(4 + text.byteLength + code.byteLength);
  new DataView(packed.buffer).setUint32(0, text.byteLength, true);
  packed.set(text, 4);
  packed.set(code, 4 + text.byteLength);
  return { ...facts, bytes: packed.subarray(4 + text.byteLength), packed };
}

/** `undefined` for bytes that the job did not make: then they are made again. */
export function unpack(packed: Uint8Array<ArrayBuffer>): Instrumented | undefined {
  try {
    const length = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
    const facts = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + length)));
    const bytes = packed.subarray(4 + length);
    if (!WebAssembly.validate(bytes.slice(0, 8))) return undefined;
    return { ...facts, bytes, packed };
  } catch {
    return undefined; // cut off, or not JSON
  }
}
