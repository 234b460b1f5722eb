import type { GuestHost, HostAnswer } from '../../contracts/engine.ts';
import { type Arrived, freeArrived } from '../../vocabulary/bytes.ts';
import type { GuestFile } from '../../vocabulary/guest-file.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { zoneOffset } from '../../vocabulary/time-zone.ts';
import { MIB } from '../../vocabulary/units.ts';
import { type ZoneNames, zoneNames } from '../../vocabulary/zone-names.ts';
import { zoneList, zoneTable } from '../../vocabulary/zone-table.ts';
import { DEFERRED_SECTION } from '../../wasm/deferred-exports.ts';
import { MEMORY_IMPORT } from '../../wasm/import-memory.ts';
import { detachViews, exportsOf, memoryBufferOf, readGlobal } from '../../wasm/intrinsics.ts';
import { createMeter, type Meter, nativeFuel } from '../../wasm/meter.ts';
import { REFILL, REFILL_SLOT, RESERVED, RESERVED_PREFIX } from '../../wasm/reserved.ts';
import { type CompiledScripts, type PyodideAssets, restoreSnapshot } from './assets.ts';
import type { Collected } from './collected.ts';
import { openHeap } from './hashes/heap.ts';
import { SECRET_BYTES } from './hashes/layout.ts';
import { decodePlan, type HashPlan } from './hashes/plan.ts';
import { renewHashes } from './hashes/renew.ts';
import { keepOrder, type Order } from './order.ts';
import { isPreparedModule, type PackageFile } from './packages.ts';
import { readCall } from './read-call.ts';
import type { bootRealm, RealmParts } from './realm/boot.ts';
import type { BootOptions, RealmApi, RealmPort, RunSettings } from './realm/contract.ts';
import { BOOT_SCRIPT, PARTS_SCRIPT } from './realm/scripts.ts';
import { hasNoCode } from './side-modules.ts';
import { readFrameLayout, type SourcePlace, stoppedAt } from './stopped-at.ts';
import { keepTurns } from './turns.ts';

/** A fresh realm of the language alone; the platform says how to make one. */
export interface Realm {
  evaluate(source: string, filename: string): unknown;
  /** Runs what promises of the realm have made ready; nothing else does. */
  turn(): void;
  /** What is compiled by now of the scripts that were evaluated. */
  compiled(): CompiledScripts;
  /** Bytes that buffers of this thread hold outside the JavaScript heap; memories of wasm not included. */
  externalBytes(): number;
  /** Frees the buffers that nobody holds any more, so that `externalBytes` counts the others. */
  collect(): void;
}

/** `code`: of earlier realms, by file name; what does not fit is left aside. */
export type OpenRealm = (code?: CompiledScripts) => Realm;

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

export interface RunLink {
  readonly host: GuestHost;
  readonly stdin: Uint8Array;
  /** What lies in the scratch folder when the program begins. */
  readonly files?: readonly GuestFile[];
  /** Takes what is collected in the end; absent where nothing is. */
  readonly collected?: Collected | undefined;
  readonly meter: Meter;
  readonly settings: RunSettings;
  readonly packages: readonly PackageFile[];
  /** Of one call's arguments. */
  readonly hostCallBytes: number;
  /** What buffers outside wasm may hold. */
  readonly outsideBytes: number;
  /** Of its local time, an IANA name. Absent: UTC. */
  readonly timeZone?: string | undefined;
  /** Time stands still, so that the run repeats to the byte. */
  readonly fixedClock: boolean;
  readonly entered: () => void;
  /** Each answer that the gate refused, as it goes to the guest. */
  readonly refused: (id: number) => void;
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

/** What the hashes of packages' objects may burn each time that their snapshot is restored, units. */
const RENEW_FUEL = 1_000_000_000;

const NOTHING = new Uint8Array();
/** What the platform's ICU does for a zone, as bytes of native work: to move to it, and to make its table, each time, for a run must not see whether another had it made. */
const ZONE_BYTES = 150_000;
const TABLE_BYTES = 12_000_000;
/** The answer to a call between two runs, when there is no gate to ask. */
const NO_RUN = JSON.stringify({
  refusal: {
    id: 0,
    code: 'CANCELLED',
    message: 'Cannot call the host: the run has ended',
    details: { reason: 'bad-handle' },
  },
});
/** The largest timer that platforms take, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Starts an interpreter from its snapshot, in about a tenth of the time that it takes from nothing. */
export async function openInterpreter(options: InterpreterOptions): Promise<Interpreter> {
  const { assets, makeSnapshot = false, foreign = false } = options;
  const realm = options.openRealm(assets.code);
  const files = new Map<string, Uint8Array>([
    ['python_stdlib.zip', assets.stdlib],
    ['snapshot-header', assets.snapshot?.header ?? NOTHING],
    ['stdin', NOTHING],
  ]);
  const waiting = new Map<number, (report: Report) => void>();
  const taken = new Map<number, Arrived>();
  const instances: WebAssembly.Instance[] = [];
  const decoder = new TextDecoder();
  let link: RunLink | undefined;
  let zone = zoneOffset(undefined);
  let closed = false;
  let order: Order | undefined;
  let growthRefused = false;
  let outputSpent = false;
  let outsideBefore: number | undefined;
  let outsideBytes = 0;
  /** Holds the guest between two runs. */
  let between: Meter | undefined;
  /** The last one that has taken the instances. */
  let metered: Meter | undefined;
  let outsideRefused = false;
  let asked = 0;

  const enter = (call: () => void): void => {
    if (closed) return;
    try {
      call();
      if (!closed) realm.turn();
    } catch {
      // Whatever the realm threw may be of the guest's making. The meter and the reports tell how the run ended.
    }
    link?.entered();
  };
  const answerText = (id: number, answer: HostAnswer): string => {
    if (!answer.ok) {
      link?.refused(answer.refusal.id);
      return JSON.stringify({ refusal: answer.refusal });
    }
    if (answer.bytes !== undefined) taken.set(id, answer);
    return JSON.stringify({ value: answer.value, bytes: answer.bytes?.byteLength ?? -1 });
  };
  const request = (
    operation: string,
    args: string,
    body: ArrayBuffer | undefined,
  ): [string, JsonObject, Uint8Array | undefined] => {
    const { name, args: read, bytes } = readCall(operation, args, link?.hostCallBytes ?? 0);
    return [name, read, bytes ?? (body === undefined ? undefined : moved(body))];
  };

  const localise = (name: string | undefined, run: RunLink): void => {
    zone = zoneOffset(name);
    nameZone(instances[0], zoneNames(name, new Date(run.host.now()).getUTCFullYear()));
  };

  const port: RealmPort = {
    now: () => link?.host.now() ?? 0,
    monotonic: () => link?.host.monotonic() ?? 0,
    zoneOffset: (ms) => zone(Number(ms)),
    moveTo: (name) => {
      metered?.charge(nativeFuel(ZONE_BYTES));
      if (link !== undefined) localise(String(name), link);
    },
    zoneTable: (name) => {
      metered?.charge(nativeFuel(name === '' ? ZONE_BYTES : TABLE_BYTES));
      return name === ''
        ? zoneList().join('\n')
        : String.fromCharCode(...(zoneTable(String(name)) ?? NOTHING));
    },
    random: (into) => {
      const bytes = bytesOf(into);
      if (link === undefined) fillRandom(bytes);
      else link.host.random(bytes);
    },
    decode: (buffer, offset, length) => decoder.decode(bytesOf(buffer, offset, length)),
    write: (stream, buffer, offset, length) => {
      const bytes = bytesOf(buffer, offset, length);
      if (link !== undefined && !link.host.write(stream === 2 ? 'stderr' : 'stdout', bytes))
        outputSpent = true;
    },
    timer: (id, ms) => {
      if (between !== undefined) return;
      const mine = link;
      const fire = (): void => {
        if (mine === undefined || mine === link) enter(() => api.fire(id));
      };
      if (order !== undefined) order.timer(Math.min(ms, MAX_TIMER_MS), fire);
      else if (!(ms > 0)) soon(fire);
      else setTimeout(fire, Math.min(ms, MAX_TIMER_MS));
    },
    sleep: (ms) => link?.host.sleepSync(Math.min(Math.max(0, Number(ms) || 0), MAX_TIMER_MS)),
    callSync: (operation, args, body) => {
      if (between !== undefined) return NO_RUN;
      if (link === undefined) throw new Error('no run');
      return answerText(0, link.host.callSync(...request(operation, args, body)));
    },
    call: (id, operation, args, body) => {
      if (link === undefined || order === undefined) throw new Error('no run');
      const mine = link;
      const asked = request(operation, args, body);
      const turn = order.call();
      void mine.host.call(...asked).then((answer) => {
        turn(() => {
          if (mine === link) enter(() => api.settle(id, answerText(id, answer)));
        });
      });
    },
    take: (id, into, offset) => {
      const arrived = taken.get(id);
      taken.delete(id);
      if (arrived?.bytes === undefined) return;
      bytesOf(into).set(arrived.bytes, Number(offset));
      freeArrived(arrived);
    },
    size: (name) => files.get(name)?.byteLength ?? -1,
    load: (name, into) => {
      const bytes = files.get(name);
      if (bytes !== undefined) bytesOf(into).set(bytes);
    },
    attach: (instance) => {
      instances.push(instance);
      (link?.meter ?? between)?.adopt(instance);
      return RESERVED_PREFIX;
    },
    restore: () => {
      const [instance] = instances;
      if (assets.snapshot === undefined || instance === undefined) return;
      restoreSnapshot(assets.snapshot, memoryBytesOf(instance), heapEnd(instance));
      if (assets.snapshot.hashes.length === 0) return;
      if (foreign) createMeter({ fuel: RENEW_FUEL }).adopt(instance);
      renewSecret(instance, decodePlan(assets.snapshot.hashes));
      if (foreign) createMeter({ fuel: Number.MAX_SAFE_INTEGER }).adopt(instance); // the start is ours again
    },
    refusedGrowth: () => {
      growthRefused = true;
    },
    reserve: (bytes) => {
      if (outsideBefore === undefined) return true;
      // What the interpreter held before the first run is not the guest's. What earlier guests of the thread have left may be freed meanwhile.
      const isOver = (): boolean => {
        const held = realm.externalBytes();
        outsideBefore = Math.min(outsideBefore ?? held, held);
        return held - outsideBefore + Number(bytes) > outsideBytes;
      };
      if (isOver()) {
        realm.collect();
        outsideRefused ||= isOver();
      }
      return !outsideRefused;
    },
    approve: (buffer) => {
      if (link === undefined) return between === undefined;
      const bytes = bytesOf(buffer);
      return hasNoCode(bytes) || isPreparedModule(bytes, link.packages);
    },
    wants: (path, size) => link?.collected?.wants(path, size) ?? -1,
    give: (buffer) => link?.collected?.give(moved(buffer)),
    done: (id, ok, text) => {
      order?.end();
      waiting.get(id)?.({ ok: ok === true, text: typeof text === 'string' ? text : '' });
      waiting.delete(id);
    },
  };
  // What is reached from it is of its realm. The module stays out of the glue's sight.
  Object.setPrototypeOf(
    options.memory,
    realm.evaluate('WebAssembly.Memory.prototype', 'memory.js') as object,
  );
  const start = realm.evaluate(BOOT_SCRIPT, 'boot.js') as typeof bootRealm; // the same function, of the realm
  const parts = realm.evaluate(PARTS_SCRIPT, 'parts.js') as RealmParts;
  const api = start(port, options.module, options.memory, MEMORY_IMPORT, parts); // before the scripts: they look at their surroundings when they load
  realm.evaluate(assets.loader, 'pyodide.js');
  realm.evaluate(assets.glue, 'pyodide.asm.js');

  const ask = (call: (id: number) => void): Promise<Report> => {
    asked += 1;
    const id = asked;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      enter(() => call(id));
    });
  };
  const boot: BootOptions = {
    maxMemoryBytes: options.maxMemoryBytes,
    start: makeSnapshot ? 'prepare' : 'restore',
    foreign,
    hashSeed: options.hashSeed ?? 0,
    recursionBytes: RECURSION_BYTES,
    snapshotHeader: assets.snapshot?.header.byteLength ?? 0,
    snapshotMemory: assets.snapshot?.memoryBytes ?? 0,
    lockFile: assets.lockFile,
    deferred: { section: DEFERRED_SECTION, table: RESERVED.deferred },
  };
  const meterBy = (meter: Meter): void => {
    metered = meter;
    for (const instance of instances) meter.adopt(instance);
    api.guardRefill(RESERVED.refill, REFILL_SLOT.ask, REFILL.stop);
  };
  const report = await ask((id) => api.boot(id, JSON.stringify(boot)));
  if (!report.ok) throw new Error(`Cannot start Python: ${report.text}`);
  const bytes = (): Uint8Array => memoryBytesOf(instances[0]);
  const runtime = instances[0] === undefined ? undefined : exportsOf(instances[0])._PyRuntime;
  // Before any guest: what is read here is CPython's own.
  const layout =
    runtime === undefined ? undefined : readFrameLayout(bytes(), readGlobal(runtime as WebAssembly.Global)); // an address, by its name
  return {
    realm,
    api,
    memory: options.memory,
    maxMemoryBytes: options.maxMemoryBytes,
    instances,
    ask,
    install: (packages) => {
      for (const [index, file] of packages.entries()) {
        files.set(`package-${index}`, file.bytes);
        api.install(`package-${index}`, file.path);
        files.delete(`package-${index}`);
      }
    },
    stoppedAt: (isOwn) => (layout === undefined ? undefined : stoppedAt(bytes(), layout, isOwn)),
    memoryBytes: () => memoryOf(instances[0])?.byteLength ?? 0,
    stackIsFull: () => stackUsed(instances[0]) > FULL_STACK_BYTES,
    get growthRefused() {
      return growthRefused;
    },
    get outsideRefused() {
      return outsideRefused;
    },
    get outputSpent() {
      return outputSpent;
    },
    collect: () => enter(() => api.collect()),
    disconnect: () => {
      api.reset();
      link = undefined;
      order = undefined;
      outsideBefore = undefined; // the guest's own run is its first
      files.set('stdin', NOTHING);
      taken.clear();
    },
    wake: () => {
      if (link !== undefined) enter(() => api.wake());
    },
    close: () => {
      closed = true;
      metered?.stop('cancelled'); // should its wasm ever be called, it has no fuel
      api.end();
      detachViews(options.memory);
    },
    connect: (run) => {
      const isFirst = outsideBefore === undefined;
      link = run;
      localise(run.timeZone, run);
      order = run.fixedClock
        ? keepOrder(soon, (ms) => run.host.rest(run.host.sleep(ms)))
        : keepTurns(soon, run.host);
      between = undefined;
      growthRefused = false;
      meterBy(run.meter);
      files.set('stdin', run.stdin);
      const packages = isFirst ? run.packages : [];
      for (const [index, file] of packages.entries()) files.set(`package-${index}`, file.bytes);
      if (isFirst) outsideBefore = realm.externalBytes();
      outsideBytes = run.outsideBytes;
      const misplaced = api.enter(
        JSON.stringify({
          ...run.settings,
          cwd: isFirst ? run.settings.cwd : '',
          packages: packages.map((file) => file.path),
        }),
      );
      if (misplaced >= 0) return packages[misplaced]?.path;
      for (const file of run.files ?? []) {
        files.set('given', file.bytes);
        api.put('given', file.path);
      }
      files.delete('given');
      return undefined;
    },
    leave: (meter) => {
      api.leave();
      link = undefined;
      order = undefined;
      between = meter;
      taken.clear();
      waiting.clear();
      meterBy(meter);
    },
  };
}

/** The memory of an instance that was made in another realm. */
function memoryOf(instance: WebAssembly.Instance | undefined): ArrayBuffer | undefined {
  return instance === undefined
    ? undefined
    : memoryBufferOf(exportsOf(instance).memory as WebAssembly.Memory);
}

/** Of the wasm's own stack, bytes; after a trap, what was used then. */
function stackUsed(instance: WebAssembly.Instance | undefined): number {
  if (instance === undefined) return 0;
  const { emscripten_stack_get_base: base, emscripten_stack_get_current: current } = exportsOf(instance);
  return typeof base === 'function' && typeof current === 'function' ? Number(base()) - Number(current()) : 0;
}

/** What the C library calls local time: it asks for the names of the zone only once, before there is a guest. */
const NAME_BYTES = 16;
function nameZone(instance: WebAssembly.Instance | undefined, names: ZoneNames): void {
  const place = instance === undefined ? undefined : exportsOf(instance).tzname;
  if (place === undefined) return;
  const bytes = memoryBytesOf(instance);
  const words = new DataView(bytes.buffer);
  const first = readGlobal(place as WebAssembly.Global); // the address of a pair of pointers, by its name
  for (const [index, name] of names.entries()) {
    const at = words.getUint32(first + 4 * index, true);
    if (at === 0) continue;
    const text = new TextEncoder().encode(name).subarray(0, NAME_BYTES);
    bytes.fill(0, at, at + NAME_BYTES + 1);
    bytes.set(text, at);
  }
}

const memoryBytesOf = (instance: WebAssembly.Instance | undefined): Uint8Array =>
  new Uint8Array(memoryOf(instance) ?? new ArrayBuffer(0));

/** A snapshot holds the secret of the interpreter that it was made of. */
function renewSecret(instance: WebAssembly.Instance, plan: HashPlan): void {
  const secret = new Uint8Array(SECRET_BYTES);
  fillRandom(secret);
  renewHashes(openHeap(exportsOf(instance)), plan, secret);
}

/** Up to where the module and its allocator have written; nothing of a guest has run yet. */
function heapEnd(instance: WebAssembly.Instance): number | undefined {
  const { sbrk } = exportsOf(instance);
  const end = typeof sbrk === 'function' ? Number(sbrk(0)) : 0;
  return end > 0 ? end : undefined;
}

const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;

/** Views a buffer that came out of the realm, after making sure that it is one: reading any other object would run a guest's code. */
function bytesOf(buffer: ArrayBuffer, offset = 0, length?: number): Uint8Array {
  if (byteLength === undefined || typeof byteLength.call(buffer) !== 'number')
    throw new TypeError('expected an ArrayBuffer');
  return new Uint8Array(buffer, Number(offset), length === undefined ? undefined : Number(length));
}

/** The bytes of a buffer that the realm has made for them. It finds it empty: what the host has checked must not change. */
function moved(buffer: ArrayBuffer): Uint8Array {
  bytesOf(buffer); // throws for anything else
  return new Uint8Array(ArrayBuffer.prototype.transfer.call(buffer));
}

function fillRandom(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 65_536) {
    bytes.set(crypto.getRandomValues(new Uint8Array(Math.min(65_536, bytes.length - at))), at);
  }
}

const soon: (callback: () => void) => void =
  typeof setImmediate === 'function'
    ? (callback) => void setImmediate(callback)
    : (callback) => void setTimeout(callback, 0);
