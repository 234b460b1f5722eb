/**
 * The seam between the host and the guest's realm. Only primitives cross it, and buffers that the realm owns: an object of the host in
 * the realm would lead back to the host's own `Function`.
 */

/** What the host offers. Every function is wrapped again inside the realm, so that no host error enters it. */
export interface RealmPort {
  now(): number;
  monotonic(): number;
  /** Seconds that the run's local time is ahead of UTC at a time in ms since the epoch. */
  zoneOffset(ms: number): number;
  /** From now on local time is that of another zone. */
  moveTo(zone: string): void;
  /** The table of a zone (see `zoneTable`), a character a byte; empty for a name that is none. Without a name: the names, a line each. */
  zoneTable(name: string): string;
  random(into: ArrayBuffer): void;
  /** UTF-8 → text. */
  decode(buffer: ArrayBuffer, offset: number, length: number): string;
  /** Guest output: 1 stdout, 2 stderr. */
  write(stream: number, buffer: ArrayBuffer, offset: number, length: number): void;
  /** Calls `fire(id)` after `ms`. */
  timer(id: number, ms: number): void;
  /** Blocks. */
  sleep(ms: number): void;
  /** Host call, at once: the answer as JSON, its bytes to be taken right after. `body` is moved out of the realm. */
  callSync(operation: string, args: string, body: ArrayBuffer | undefined): string;
  /** Host call: `settle(id, answer)` later. */
  call(id: number, operation: string, args: string, body: ArrayBuffer | undefined): void;
  /** Copies the bytes of the answer that was last given (0) or of an asynchronous one (its id) to `offset`. */
  take(id: number, into: ArrayBuffer, offset: number): void;
  /** Size of a file that was given with the engine or the run; −1 for none. */
  size(name: string): number;
  load(name: string, into: ArrayBuffer): void;
  /** Puts the meter on a fresh instance; answers how the names of those exports begin that the glue must not see. */
  attach(instance: WebAssembly.Instance): string;
  /** Puts the snapshot into the memory, which the realm has grown to its size. */
  restore(): void;
  refusedGrowth(): void;
  /** Bytes that the realm is about to hold outside wasm; false: not allowed. */
  reserve(bytes: number): boolean;
  /** Whether the realm may compile these bytes: unmetered code must not run. */
  approve(buffer: ArrayBuffer): boolean;
  /** Whether the host wants a file of the scratch folder: 1 yes, 0 no, −1 not this one nor any other. */
  wants(path: string, size: number): number;
  /** The bytes of the file that it wanted last; moved out of the realm. */
  give(bytes: ArrayBuffer): void;
  /** An answer to `ask`: of `boot` and `prepare` nothing, of `run` the runner's report. Not ok: the interpreter itself failed. */
  done(id: number, ok: boolean, text: string): void;
}

export interface BootOptions {
  /** Bytes; the glue's own requests for more are refused. */
  readonly maxMemoryBytes: number;
  /** `restore`: from a snapshot. `prepare`: from nothing, for a snapshot. */
  readonly start: 'restore' | 'prepare';
  /** The snapshot has, or will have, code of packages in it, which may run while its hashes are looked for or renewed. */
  readonly foreign: boolean;
  /** Of a snapshot that is made. The secret that CPython makes of 0 stays; any other is replaced when the snapshot is restored. */
  readonly hashSeed: 0 | 1;
  /** What nested calls inside Python may take of its own stack, bytes. */
  readonly recursionBytes: number;
  /** Length of the snapshot's header and of its memory, bytes. */
  readonly snapshotHeader: number;
  readonly snapshotMemory: number;
  readonly lockFile: string;
  /** Where the module keeps what it no longer exports, see `deferExports`. */
  readonly deferred: { readonly section: string; readonly table: string };
}

/** What the realm is told of its run; what is installed and how much files in memory may hold is only read before the first one. */
export interface RunSettings {
  /** Paths of installed files below `site-packages`; their bytes are the files `package-0`, `package-1`, … */
  readonly packages?: readonly string[];
  /** Files that are there and not read yet: their names at the host, and their paths. */
  readonly library?: readonly (readonly [name: string, path: string])[];
  readonly maxMemoryBytes: number;
  /** The longest text that Python may hand to the realm, UTF-16 units: what a report or a call's arguments can have. */
  readonly textLength: number;
  /** Bytes that files in memory may hold. */
  readonly scratchBytes: number;
  /** Bytes of one read or write of a granted file. */
  readonly chunkBytes: number;
  readonly mounts: readonly string[];
  readonly writable: readonly boolean[];
  readonly cwd: string;
}

/** What the realm offers. Answers come through `done`. */
export interface RealmApi {
  boot(id: number, options: string): void;
  /** Runs one program; `done` gets the report of the runner as JSON. */
  run(id: number, spec: string): void;
  /** Runs trusted set-up code while a snapshot is made. */
  prepare(id: number, code: string): void;
  /** The snapshot's size; its parts go to `save`. */
  snapshot(): number;
  save(into: ArrayBuffer): void;
  fire(id: number): void;
  settle(id: number, answer: string): void;
  /** Puts a file of the host's, by its name there, in place below `site-packages`. */
  install(name: string, path: string): void;
  /** Sets up a run: the first one, or a later one of a guest that is kept. Answers which of its packages' files cannot be put in place; −1: none. */
  enter(settings: string): number;
  /** Puts a file of the host's, by its name there, into the scratch folder; after `enter`. */
  put(name: string, path: string): void;
  /** Offers the files of the scratch folder to `wants`. */
  collect(): void;
  /** Nothing is under way: a program that has not ended waits for what nothing will bring, and is told so. */
  wake(): void;
  /** Undoes `enter`, after the rehearsal. */
  reset(): void;
  /** Drops the timers and the host calls that an ended run of a kept guest has left. */
  leave(): void;
  /** From now on nothing of JavaScript can be called from wasm, where `foreign` was set. */
  hush(): void;
  /** Nothing enters the realm any more: what its objects would still do when they are collected is left undone. */
  end(): void;
  /** Puts the realm's own function around the meter's callback, after each meter that was attached. */
  guardRefill(table: string, slot: number, stop: number): void;
  memoryBytes(): number;
}

/** Pyodide's module object, of which only names are known to us. */
export interface EmscriptenModule {
  readonly FS: never;
  readonly [name: string]: unknown;
}

/** What Pyodide passes to the glue to make its module. */
export interface ModuleSettings {
  instantiateWasm: (
    imports: Record<string, Record<string, unknown>>,
    receive: (instance: { exports: object }, module: WebAssembly.Module) => void,
  ) => object;
  growMemory?: (bytes: number) => number | undefined;
}
