import type { CompiledScripts } from './assets.ts';

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
