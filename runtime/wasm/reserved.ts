/**
 * No guest may import or export a name that starts like this, and none sees an export that does: between the two, what the rewriter
 * adds to a module cannot be named by anyone but the meter.
 */
export const RESERVED_PREFIX = '__sandglass';

/** Names of what the rewriter adds. */
export const RESERVED = Object.freeze({
  /** i64 global: fuel left in this slice; negative when it has run out. */
  fuel: `${RESERVED_PREFIX}_fuel`,
  /** Table of `REFILL_SLOTS` functions `() -> i32` that are called when the slice has run out, and answer one of `REFILL`. */
  refill: `${RESERVED_PREFIX}_refill`,
  /** i32 global: 1 once a `memory.grow` was refused. */
  growthRefused: `${RESERVED_PREFIX}_growth_refused`,
  /** i64 global: bytes that the module may still allocate on the collected heap; negative when one was refused. */
  heapLeft: `${RESERVED_PREFIX}_heap_left`,
  /** The start function, if the module had one. */
  start: `${RESERVED_PREFIX}_start`,
  /** Table of the functions that are exported no longer, see `deferExports`. */
  deferred: `${RESERVED_PREFIX}_deferred`,
});

/** What the functions in the refill table answer; whatever is not here traps. */
export const REFILL = Object.freeze({
  /** There is fuel again. */
  go: 0,
  /** Trap. */
  stop: 1,
  /** From the first slot only: ask again by the second one. */
  wait: 2,
});

export const REFILL_SLOT = Object.freeze({
  /** Answers at once. */
  ask: 0,
  /** May suspend the guest's stack. */
  wait: 1,
});

export const REFILL_SLOTS = 2;

/** Where a module that shares its counter imports it from: module and field name. */
export const SHARED_FUEL_IMPORT = Object.freeze({ module: RESERVED_PREFIX, name: 'fuel' });

export const isReserved = (name: string): boolean => name.startsWith(RESERVED_PREFIX);
