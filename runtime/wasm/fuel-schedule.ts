/**
 * What one operator costs, in units of fuel. Recorded counts are only comparable under the same `version`: any change here, or of
 * which operators count, raises it.
 *
 * Costs are static but for bulk operations, which pay for their length when they run, before they do their work. Operators that only
 * shape control flow cost nothing: a `br_table` of 250 arms would otherwise pay for each arm's `block` on the way in.
 */
export const FUEL_SCHEDULE = Object.freeze({
  version: 1,
  /** `unreachable nop block loop else end return drop try catch catch_all delegate try_table`. */
  structural: 0,
  /** Everything that is not named here. */
  operator: 1,
  /** `call` or `return_call` of an imported function, as the module names it. */
  importedCall: 10,
  /** `memory.grow` and `table.grow`, whatever they ask for; `table.grow` pays for its elements too. */
  grow: 100,
  /** `throw throw_ref rethrow`: unwinding is slow. */
  throw: 50,
  /** Fresh objects of the garbage-collected heap: `struct.new…`, `array.new…`; arrays pay for their elements too. */
  allocate: 5,
  /** One unit for this many bytes of `memory.copy memory.fill memory.init`, rounded down; a power of two. */
  bulkBytesPerUnit: 8,
  /** Units for each element of `table.copy table.fill table.init table.grow` and of the `array` operations that take a length. */
  bulkElement: 1,
});
