/**
 * The generator of glue. Built, this file is a bundle with its wasm beside it: its package brings a hundred megabytes that only other uses of it
 * need, so users do not install it.
 */
export { $init, generate } from '@bytecodealliance/jco-transpile/component';
