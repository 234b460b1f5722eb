// Meters the interpreter's wasm, in a worker of its own: it takes a second, and the host's thread has other things to do.
import { deferExports } from '../../wasm/deferred-exports.ts';
import { instrument } from '../../wasm/instrument.ts';
import { addStackFrame } from '../../wasm/stack-frame.ts';

export interface MeteredJob {
  readonly plain: Uint8Array;
  /** Names that stay exports. */
  readonly exports: readonly string[];
}

/** As much as can be addressed: the cap of a run is put on later. */
const ALL_PAGES = 65_536;
/** For the interpreter's own start, which no run pays for. */
const START_FUEL = Number.MAX_SAFE_INTEGER;
/**
 * CPython frees what nests by recursion, and puts off what is deeper than its stack allows. It looks at the stack of linear memory, where lists and
 * tuples being freed take nothing: a million of them in each other would fill the thread's stack unseen.
 */
export const DEALLOC_FRAME = {
  function: '_Py_Dealloc',
  stackPointer: '__stack_pointer',
  frameBytes: 64,
} as const;

export function job(input: unknown): Uint8Array<ArrayBuffer> {
  const { plain, exports } = input as MeteredJob; // given by `loadPyodide`
  const instrumented = instrument(plain, { maxMemoryPages: ALL_PAGES, initialFuel: START_FUEL });
  return deferExports(addStackFrame(instrumented, DEALLOC_FRAME), new Set(exports));
}
