import { MIB } from '../../vocabulary/units.ts';
import { DEFERRED_SECTION } from '../../wasm/deferred-exports.ts';
import { MEMORY_IMPORT } from '../../wasm/import-memory.ts';
import { detachViews, exportsOf, readGlobal } from '../../wasm/intrinsics.ts';
import type { Meter } from '../../wasm/meter.ts';
import { REFILL, REFILL_SLOT, RESERVED } from '../../wasm/reserved.ts';
import type { PyodideAssets } from './assets.ts';
import { memoryBytesOf, memoryOf, stackUsed } from './instance-memory.ts';
import type { OpenRealm, Realm } from './open-realm.ts';
import { keepOrder } from './order.ts';
import type { PackageFile } from './packages.ts';
import { createPresent, type Enter, type Present } from './present.ts';
import type { bootRealm, RealmParts } from './realm/boot.ts';
import type { BootOptions, RealmApi, RealmPort } from './realm/contract.ts';
import { BOOT_SCRIPT, PARTS_SCRIPT } from './realm/scripts.ts';
import { createRealmCalls } from './realm-calls.ts';
import { createRealmClock } from './realm-clock.ts';
import { createRealmFiles } from './realm-files.ts';
import { createRealmMemory } from './realm-memory.ts';
import { createRealmStreams } from './realm-streams.ts';
import type { RunLink } from './run-link.ts';
import { soon } from './soon.ts';
import { readFrameLayout, type SourcePlace, stoppedAt } from './stopped-at.ts';
import { keepTurns } from './turns.ts';

export interface InterpreterOptions {
  readonly openRealm: OpenRealm;
  readonly assets: PyodideAssets;
  readonly module: WebAssembly.Module;
  /** Zero throughout; of nobody else for as long as the interpreter is not closed. */
  readonly memory: WebAssembly.Memory;
  readonly maxMemoryBytes: number;
  /** Starts from nothing, in seconds, for a snapshot to be made; else the assets have one. */
  readonly makeSnapshot?: boolean;
  /** The snapshot of the assets has packages in it, or the one to be made will. @default false */
  readonly foreign?: boolean;
  /** Of the snapshot to be made. @default 0 */
  readonly hashSeed?: BootOptions['hashSeed'];
}

/** One Python interpreter in its own realm; serves one run, or the runs of one guest that is kept. */
export interface Interpreter {
  readonly realm: Realm;
  readonly api: RealmApi;
  readonly memory: WebAssembly.Memory;
  /** The pages the realm may use at most were set when its module was made. */
  readonly maxMemoryBytes: number;
  memoryBytes(): number;
  readonly growthRefused: boolean;
  readonly outputSpent: boolean;
  /** Buffers outside wasm were refused: the guest tried to hold more of them than its memory limit. */
  readonly outsideRefused: boolean;
  /** The meter's own handle on the instance; never given to the realm. */
  readonly instances: readonly WebAssembly.Instance[];
  /** Puts files of packages in place for all that comes, before any run. */
  install(packages: readonly PackageFile[]): void;
  /**
   * Connects the interpreter to the run it serves. `entered` is called after each return from the realm.
   * @returns The path of a package's file that cannot be put in place, after which the run must not begin.
   */
  connect(link: RunLink): string | undefined;
  /** The guest's own line that was running, of files that `isOwn` takes; to be asked once the interpreter has been stopped. */
  stoppedAt(isOwn: (file: string) => boolean): SourcePlace | undefined;
  /** Offers the scratch folder to `collected`, once the run has ended by itself. */
  collect(): void;
  /** What has trapped had gone past the end of the stack that Python looks at: in C code that does not look. */
  stackIsFull(): boolean;
  /** Parts from the rehearsal, before the run. */
  disconnect(): void;
  /**
   * Disconnects it from a run that has ended by itself: nothing that the run has left pending enters the realm again, and what the realm
   * still does by itself (freeing objects, and a guest's own code for that) reaches nobody and is charged to `between`.
   */
  leave(between: Meter): void;
  /**
   * Enters the realm no more: what its timers and calls would still do is nobody's business after the run. Its memory can serve another
   * interpreter then: the realm has no view of it and gets none, and no function of its wasm gets further than its next look at the fuel.
   */
  close(): void;
  /** Tells a program that can never go on so. To be called from outside of its turns. */
  wake(): void;
  /** Calls into the realm and waits for its `done`. */
  ask(call: (id: number) => void): Promise<Report>;
}

export interface Report {
  readonly ok: boolean;
  readonly text: string;
}

/**
 * Of the interpreter's own stack, for what nests inside Python without Python frames: JSON, `repr`, pickle, the compiler. The stack that V8
 * gives takes two to fourteen times as much for the same calls, and is that much larger.
 */
const RECURSION_BYTES = MIB;
/** Python gives up shortly before the end of it; what raises its own error in time uses less. */
const FULL_STACK_BYTES = (15 / 16) * RECURSION_BYTES;

/** Starts an interpreter from its snapshot, in about a tenth of the time that it takes from nothing. */
export async function openInterpreter(options: InterpreterOptions): Promise<Interpreter> {
  const { assets } = options;
  const realm = options.openRealm(assets.code);
  const at = createPresent();
  const { instances } = at;
  let started: RealmApi | undefined;
  let closed = false;
  const enter: Enter = (step) => {
    if (closed || started === undefined) return;
    try {
      step(started);
      if (!closed) realm.turn();
    } catch {
      // Whatever the realm threw may be of the guest's making. The meter and the reports tell how the run ended.
    }
    at.link?.entered();
  };
  const reports = createReports(at, enter);
  const clock = createRealmClock(at);
  const calls = createRealmCalls(at, enter);
  const memory = createRealmMemory(at, realm, assets.snapshot, options.foreign ?? false);
  const files = createRealmFiles(at, assets);
  const streams = createRealmStreams(at);
  const api = startRealm(realm, options, {
    ...clock.port,
    ...calls.port,
    ...memory.port,
    ...files.port,
    ...streams.port,
    done: reports.done,
  });
  started = api;
  const meterBy = (meter: Meter): void => {
    at.metered = meter;
    for (const instance of instances) meter.adopt(instance);
    api.guardRefill(RESERVED.refill, REFILL_SLOT.ask, REFILL.stop);
  };
  const report = await reports.ask((id) => api.boot(id, JSON.stringify(bootOptions(options))));
  if (!report.ok) throw new Error(`Cannot start Python: ${report.text}`);
  return {
    realm,
    api,
    memory: options.memory,
    maxMemoryBytes: options.maxMemoryBytes,
    instances,
    ask: reports.ask,
    install: (packages) => files.install(api, packages),
    stoppedAt: openFrames(instances[0]),
    memoryBytes: () => memoryOf(instances[0])?.byteLength ?? 0,
    stackIsFull: () => stackUsed(instances[0]) > FULL_STACK_BYTES,
    get growthRefused() {
      return memory.growthRefused;
    },
    get outsideRefused() {
      return memory.outsideRefused;
    },
    get outputSpent() {
      return streams.outputSpent;
    },
    collect: () => enter(() => api.collect()),
    disconnect: () => {
      api.reset();
      at.link = undefined;
      at.order = undefined;
      memory.forget(); // the guest's own run is its first
      files.forget();
      calls.forget();
    },
    wake: () => {
      if (at.link !== undefined) enter(() => api.wake());
    },
    close: () => {
      closed = true;
      at.metered?.stop('cancelled'); // should its wasm ever be called, it has no fuel
      api.end();
      detachViews(options.memory);
    },
    connect: (run) => {
      at.link = run;
      clock.localise(run.timeZone, run);
      at.order = run.fixedClock
        ? keepOrder(soon, (ms) => run.host.rest(run.host.sleep(ms)))
        : keepTurns(soon, run.host);
      at.between = undefined;
      memory.growthRefused = false;
      meterBy(run.meter);
      return files.enter(api, run, memory.limitOutside(run.outsideBytes));
    },
    leave: (meter) => {
      api.leave();
      at.link = undefined;
      at.order = undefined;
      at.between = meter;
      calls.forget();
      reports.forget();
      meterBy(meter);
    },
  };
}

/** Boots the realm up to its scripts: Python itself starts when its `boot` is asked for. */
function startRealm(realm: Realm, options: InterpreterOptions, port: RealmPort): RealmApi {
  // What is reached from it is of its realm. The module stays out of the glue's sight.
  Object.setPrototypeOf(
    options.memory,
    realm.evaluate('WebAssembly.Memory.prototype', 'memory.js') as object,
  );
  const start = realm.evaluate(BOOT_SCRIPT, 'boot.js') as typeof bootRealm; // the same function, of the realm
  const parts = realm.evaluate(PARTS_SCRIPT, 'parts.js') as RealmParts;
  const api = start(port, options.module, options.memory, MEMORY_IMPORT, parts); // before the scripts: they look at their surroundings when they load
  realm.evaluate(options.assets.loader, 'pyodide.js');
  realm.evaluate(options.assets.glue, 'pyodide.asm.js');
  return api;
}

const bootOptions = ({
  assets,
  maxMemoryBytes,
  makeSnapshot = false,
  foreign = false,
  hashSeed = 0,
}: InterpreterOptions): BootOptions => ({
  maxMemoryBytes,
  start: makeSnapshot ? 'prepare' : 'restore',
  foreign,
  hashSeed,
  recursionBytes: RECURSION_BYTES,
  snapshotHeader: assets.snapshot?.header.byteLength ?? 0,
  snapshotMemory: assets.snapshot?.memoryBytes ?? 0,
  lockFile: assets.lockFile,
  deferred: { section: DEFERRED_SECTION, table: RESERVED.deferred },
});

/** Questions to the realm that wait for their `done`. */
function createReports(
  at: Present,
  enter: Enter,
): { readonly ask: Interpreter['ask']; readonly done: RealmPort['done']; forget(): void } {
  const waiting = new Map<number, (report: Report) => void>();
  let asked = 0;
  return {
    ask: (call) => {
      asked += 1;
      const id = asked;
      return new Promise((resolve) => {
        waiting.set(id, resolve);
        enter(() => call(id));
      });
    },
    done: (id, ok, text) => {
      at.order?.end();
      waiting.get(id)?.({ ok: ok === true, text: typeof text === 'string' ? text : '' });
      waiting.delete(id);
    },
    forget: () => waiting.clear(),
  };
}

/** Reads CPython's own layout before any guest; what it answers later is the guest's line. */
function openFrames(instance: WebAssembly.Instance | undefined): Interpreter['stoppedAt'] {
  const bytes = (): Uint8Array => memoryBytesOf(instance);
  const runtime = instance === undefined ? undefined : exportsOf(instance)._PyRuntime;
  const layout =
    runtime === undefined ? undefined : readFrameLayout(bytes(), readGlobal(runtime as WebAssembly.Global)); // an address, by its name
  return (isOwn) => (layout === undefined ? undefined : stoppedAt(bytes(), layout, isOwn));
}
