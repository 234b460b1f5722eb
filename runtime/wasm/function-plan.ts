/** What the emitter has to do at one place of a body; `argument` is the number that goes with it. */
export const STEP = Object.freeze({
  /** Pay for the segment `argument`. */
  charge: 0,
  /** Before a call or a way out: what the local caches must be in the global. */
  flush: 1,
  /** After a call: the callee has changed the global. */
  reload: 2,
  /** Before a bulk operation: pay for the length on the stack; `argument` is one of `LENGTH`. */
  bulk: 3,
  /** After `memory.grow`: record a refusal; `argument` is 1 if the answer is an i64. */
  grown: 4,
  /** An operator that names global `argument`. */
  global: 5,
  /** Before a loop whose header is segment `argument`. The step that charges for that one comes next. */
  enter: 6,
  /** After the end of that loop. */
  leave: 7,
  /** A branch out of the innermost loop: labels from `argument` on are those around it. */
  relabel: 8,
  /** Before `argument` bytes are allocated on the collected heap. */
  allocate: 9,
  /** Before an array of type `argument` is allocated there; its length is on the stack. */
  allocateArray: 10,
});

/** How a segment is entered, which says whether it checks that fuel is left. */
export const ENTRY = Object.freeze({ unchecked: 0, checked: 1, loop: 2 });

/**
 * One function body, cut into segments: operators such that whoever executes the first executes all, unless a call or a trap in between
 * ends the function. Each is paid for where it starts. The arrays are reused from one body to the next.
 */
export interface FunctionPlan {
  /** Groups of locals, their bounds in the binary, and where the operators start. */
  localGroups: number;
  localsStart: number;
  codeStart: number;
  end: number;
  /** Parameters and locals: the index of the first local that the rewriter may add. */
  locals: number;
  /** Steps in order of place. */
  readonly at: number[];
  readonly step: number[];
  readonly argument: number[];
  /** By segment. */
  readonly cost: number[];
  readonly entry: number[];
  /** By segment: a call is among its operators. */
  readonly calling: boolean[];
  /** By segment: the header of a loop that holds no call, no other loop and nothing else that may ask for fuel. */
  readonly leaf: boolean[];
  calls: number;
  /** A loop without a call. */
  hasLeafLoop: boolean;
  /** Catches exceptions: control may come to a handler from any call, with the global ahead of a local. */
  hasHandlers: boolean;
  uses32: boolean;
  uses64: boolean;
}

export const createPlan = (): FunctionPlan => ({
  localGroups: 0,
  localsStart: 0,
  codeStart: 0,
  end: 0,
  locals: 0,
  at: [],
  step: [],
  argument: [],
  cost: [],
  entry: [],
  calling: [],
  leaf: [],
  calls: 0,
  hasLeafLoop: false,
  hasHandlers: false,
  uses32: false,
  uses64: false,
});
