// Makes a snapshot in a worker of its own: it takes seconds, and the host's thread has other things to do.

import { type PyodideAssets, packSnapshot, type Snapshot } from '../../engines/pyodide/assets.ts';
import { findHashes } from '../../engines/pyodide/hashes/find.ts';
import { openHeap } from '../../engines/pyodide/hashes/heap.ts';
import { encodePlan } from '../../engines/pyodide/hashes/plan.ts';
import { type Interpreter, openInterpreter } from '../../engines/pyodide/interpreter.ts';
import type { ImportedPackages } from '../../engines/pyodide/package-snapshots.ts';
import { silentHost } from '../../engines/pyodide/rehearsal.ts';
import { MIB } from '../../vocabulary/units.ts';
import { memoryFor } from '../../wasm/import-memory.ts';
import { exportsOf } from '../../wasm/intrinsics.ts';
import { createMeter, type Meter } from '../../wasm/meter.ts';
import { openNodeRealm } from './node-realm.ts';

/** What importing a set of packages may burn, units: as much as a run by default. */
const IMPORT_FUEL = 20_000_000_000;
/** For finding the hashes: a large text or `bytes` takes more than a slice. */
const FIND_FUEL = 20_000_000_000;
/** What its buffers outside wasm may hold, and what it may write, bytes. */
const OUTSIDE_BYTES = 256 * MIB;

export interface SnapshotJob {
  readonly assets: PyodideAssets;
  readonly module: WebAssembly.Module;
  readonly maxMemoryBytes: number;
  /** What the module needs at its start. */
  readonly leastMemoryBytes: number;
  /** `renewed`: each interpreter that starts from it gets a hash secret of its own. `kept`: all have the one of the seed 0. */
  readonly hashes: 'renewed' | 'kept';
  /** Python: run first. */
  readonly setUp: string;
  /** To be imported before the snapshot is taken, by the Python source `importing`. @default none */
  readonly packages?: Pick<ImportedPackages, 'files' | 'modules'> & { readonly importing: string };
}

/** Why the packages cannot be in a snapshot. */
export interface SnapshotRefused {
  readonly refused: string;
}

/** Starts an interpreter from nothing, loads what every program gets, and takes its memory. Runs no guest. */
export async function job(input: unknown): Promise<Snapshot | SnapshotRefused> {
  const { assets, module, maxMemoryBytes, leastMemoryBytes, hashes, setUp, packages } = input as SnapshotJob; // given by `loadPyodide`
  const interpreter = await openInterpreter({
    openRealm: openNodeRealm,
    assets,
    module,
    memory: memoryFor(leastMemoryBytes, maxMemoryBytes),
    maxMemoryBytes,
    makeSnapshot: true,
    foreign: packages !== undefined,
    hashSeed: hashes === 'kept' ? 0 : 1, // Python tells its programs whether its hashes are random
  });
  const report = await interpreter.ask((id) => interpreter.api.prepare(id, setUp));
  if (!report.ok) throw new Error(`Cannot set up Python: ${report.text}`);
  const refused = packages === undefined ? undefined : await importPackages(interpreter, packages);
  if (refused !== undefined) return { refused };
  const bytes = snapshotBytes(interpreter);
  if (bytes === undefined)
    return { refused: 'its modules hold objects of JavaScript, which no snapshot can' };
  const whole = new Uint8Array(bytes);
  if (whole.length === 0) throw new Error('Cannot take a snapshot of Python');
  interpreter.api.save(whole.buffer);
  const packed = packSnapshot(whole);
  if (hashes === 'kept') return { ...packed, hashes: new Uint32Array() };
  const [instance] = interpreter.instances;
  if (instance === undefined) throw new Error('Cannot take a snapshot of Python');
  connect(interpreter, createMeter({ fuel: FIND_FUEL })); // objects of packages may run their code when they are asked for their hashes
  interpreter.api.hush();
  try {
    const plan = findHashes(openHeap(exportsOf(instance)), packed.memoryBytes);
    return { ...packed, hashes: encodePlan(plan) };
  } catch (error) {
    const reason = `its hashes cannot be renewed: ${error instanceof Error ? error.message : error}`;
    if (packages !== undefined) return { refused: reason };
    throw new Error(`Cannot take a snapshot of Python: ${reason}`);
  }
}

/** What packages do from now on they do as a guest of nobody: no host call is answered, and no unmetered module is compiled. */
function connect(interpreter: Interpreter, meter: Meter): void {
  interpreter.connect({
    host: silentHost(),
    meter,
    stdin: new Uint8Array(),
    packages: [],
    library: [],
    hostCallBytes: 0,
    outsideBytes: OUTSIDE_BYTES,
    fixedClock: false,
    settings: {
      maxMemoryBytes: interpreter.maxMemoryBytes,
      textLength: Number.MAX_SAFE_INTEGER, // nothing of a guest runs here
      scratchBytes: OUTSIDE_BYTES,
      chunkBytes: 1,
      mounts: [],
      writable: [],
      cwd: '/',
    },
    entered: () => undefined,
    refused: () => undefined,
  });
}

/** JavaScript is not to be had meanwhile. Answers what went wrong. */
async function importPackages(
  interpreter: Interpreter,
  { files, modules, importing: source }: NonNullable<SnapshotJob['packages']>,
): Promise<string | undefined> {
  const meter = createMeter({ fuel: IMPORT_FUEL });
  interpreter.install(files);
  connect(interpreter, meter);
  const report = await interpreter.ask((id) => interpreter.api.prepare(id, source));
  interpreter.disconnect();
  const importing = `importing ${modules.join(', ')}`;
  if (meter.state === 'exhausted') return `${importing} takes over ${IMPORT_FUEL} units of fuel`;
  if (report.ok) return undefined;
  const lines = report.text.split('\n').filter((line) => /^\w[\w.]*(?:Error|Exception|Exit)\b/.test(line)); // of Python's traceback
  return `${importing} failed: ${lines.at(-1) ?? report.text.slice(0, 200)}`;
}

function snapshotBytes(interpreter: Interpreter): number | undefined {
  try {
    return interpreter.api.snapshot();
  } catch {
    return undefined; // what was thrown is of the realm's making, and not to be looked at
  }
}
