import { setFlagsFromString } from 'node:v8';

/**
 * The stack that a call into Python gets from V8, KiB; by default 984, which nested JSON fills before CPython's own check of its recursion
 * speaks. Comparing nested lists takes about 20,000 until it does, a sum of 100,000 terms as well. Only what is used takes memory. V8 has
 * no option for it but these flags, which hold for the whole process, and takes the smaller of the two. Threads that have started keep
 * their stacks, and workers get theirs from Node: only the stacks of suspendable calls into wasm become larger.
 */
const STACK_KIB = 24_000;

/** Idempotent; before the first call into an interpreter. */
export function widenStacks(): void {
  for (const name of ['stack-size', 'wasm-stack-switching-stack-size']) {
    setFlagsFromString(`--${name}=${STACK_KIB}`);
  }
}
