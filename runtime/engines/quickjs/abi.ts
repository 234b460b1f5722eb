/**
 * What the built engine (`quickjs.wasm`) and this code agree on. The binary is a snapshot: its memory already holds a runtime, a context and
 * the evaluated prelude, so that a run starts by making an instance and nothing else. `scripts/build-quickjs.ts` makes it.
 */

/** Name of the custom section that holds `Layout` as JSON. */
export const LAYOUT_SECTION = 'sandglass.quickjs';

/** Raised with every change of what the two sides say to each other. */
export const LAYOUT_VERSION = 10;

/** Name of the custom section that holds the snapshot, as `image.ts` reads it: the binary itself has no data. */
export const IMAGE_SECTION = 'sandglass.quickjs.image';

/** Name of the custom section that holds what the library adds to the snapshot. */
export const LIBRARY_SECTION = 'sandglass.quickjs.library';

/** Name of the custom section that holds parts of the library as text: JSON, name → an expression. */
export const PARTS_SECTION = 'sandglass.quickjs.parts';

export interface Layout {
  readonly version: number;
  readonly quickjs: string;
  readonly context: number;
  readonly runtime: number;
  /** Prelude function → pointer to its value. */
  readonly entries: Readonly<Record<EntryName, number>>;
  /** Address of the 64-bit state of `Math.random`, which each run gets a seed of its own for. */
  readonly randomState: number;
  /** Where the engine's own stack begins, growing down: the value its stack pointer starts with. */
  readonly stackTop: number;
  /** Pages of memory the instance starts with. */
  readonly pages: number;
  /** What Node and the web have beyond the prelude: compiled, evaluated when a program names it, and put only under programs that may. */
  readonly library: {
    /** Pages of memory that an instance with it starts with. */
    readonly pages: number;
    /** Module → names that it exports. */
    readonly names: Readonly<Record<string, readonly string[]>>;
  };
}

/** Functions of the prelude that the host calls, by position. */
export const ENTRIES = [
  'begin',
  'trackValue',
  'trackScript',
  'trackModule',
  'settle',
  'turn',
  'ticks',
  'beforeExit',
  'describe',
  'loadFailure',
  'uncaught',
  'failure',
  'result',
  'resultBytes',
  'resultLong',
  'resultLongJson',
] as const;
export type EntryName = (typeof ENTRIES)[number];

/** Functions of the host that the prelude calls; the position is the host reference. */
export const PRIMITIVES = [
  'write',
  'call',
  'callSync',
  'takeBytes',
  'now',
  'monotonic',
  'random',
  'url',
  'digest',
  'stdin',
  'settled',
  'remaining',
  'encode',
  'decode',
  'base64',
  'exit',
  'resolve',
  'compile',
  'intl',
  'decodeAs',
  'subtle',
  'promiseState',
  'promiseResult',
  'part',
  'deriveKey',
  'trackAsync',
  'modPow',
  'compress',
] as const;
export type PrimitiveName = (typeof PRIMITIVES)[number];

/** Below the first static data (1024) the binary uses nothing; the rejection hook leaves a promise and its reason here. */
export const REJECTION_SCRATCH = 512;
/** The host reference by which the rejection hook calls out. */
export const REJECTION_REF = 0x7fff_0001;
/** The host reference by which the engine shows the text of an error that it is about to make: a buffer of `ERROR_TEXT_BYTES`, to be written over. */
export const ERROR_TEXT_REF = 0x7fff_0002;
export const ERROR_TEXT_BYTES = 256;
/** The host reference by which the engine shows the frames of an error, which lies at `ERROR_SCRATCH`. */
export const FRAMES_REF = 0x7fff_0003;
export const ERROR_SCRATCH = 544;
/** The host reference by which the engine shows the two callbacks of a `then` or an `await`; the answer is where others lie, or 0. */
export const REACTIONS_REF = 0x7fff_0004;
/** The same for the `then` of what is resolved with; another is written over it. */
export const THENABLE_REF = 0x7fff_0005;
/** The host reference by which the engine shows the text of a date that it is about to read, to be written over. */
export const DATE_TEXT_REF = 0x7fff_0006;
/** Where the host leaves other callbacks. */
export const REACTIONS_SCRATCH = 576;
/** Room for the argument pointers and values of a call into the guest. */
export const ARGUMENT_SCRATCH = 640;

/**
 * Offset of `malloc_gc_threshold` in `JSRuntime`. This build of QuickJS counts allocations, not their sizes, so that a few large buffers in cycles
 * are never found to be worth a collection; with 0 the next new object makes one, which sets the threshold anew.
 */
export const GC_THRESHOLD = 108;

/** File name of the prelude in stack frames; such frames are never shown. */
export const PRELUDE_FILE = '<sandglass>';

export const EVAL_GLOBAL = 0;
export const EVAL_MODULE = 1;
export const EVAL_STRICT = 1 << 3;
export const EVAL_COMPILE_ONLY = 1 << 5;
export const EVAL_ASYNC = 1 << 7;

export const WASM_PAGE = 65_536;
