import type { Refusal } from '../../contracts/engine.ts';
import type { Pointer } from './engine-exports.ts';

/** What the instance asks of its host; each may be called from inside any export. */
export interface MachineHost {
  /** A primitive was called. Answers a pointer to a fresh value, or 0 for `undefined`. */
  callHost(ref: number, args: GuestArguments): Pointer;
  /** A promise was rejected with nobody listening, or found a listener after all. */
  onRejection(promise: number, reason: Pointer, handled: boolean): void;
  /** Better words for what an error of the engine is about to say; nothing of the guest may be touched. */
  errorText?(text: string): string | undefined;
  /** Whether `located` has something to say of the error that `errorText` saw last. */
  readonly locates?: () => boolean;
  /** What that error said so far, and what it says in view of its frames. */
  located?(frames: string): { readonly from: string; readonly to: string } | undefined;
  /** What is called in the place of a promise's callbacks. */
  readonly reactions?: Reactions;
  /** Resolved name of a module. */
  normalizeModule(base: string, specifier: string): string;
  /** Source of a module, or an error to throw into the guest. */
  loadModule(name: string): string | GuestFailure;
  /** The guest's error for a failure, made in the guest; 0 when it cannot be made. */
  errorFor(failure: GuestFailure): Pointer;
  /** The guest goes on asking for memory that it cannot have. */
  onThrashing(): void;
  /** QuickJS polls it; true ends the guest in a way it cannot catch. */
  shouldStop(): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Seconds that local time is ahead of UTC at a time in ms since the epoch. */
  zoneOffset(ms: number): number;
}

/** Has the guest say what is called in the place of callbacks of its promises. */
export interface Reactions {
  /** From now on, by this function of the guest. */
  track(bound: Pointer): void;
  /** The two callbacks of a `then` or an `await`, which lie at `at`: where those lie that are called, 0 for the same. */
  both(at: Pointer): Pointer;
  /** The `then` that lies at `at`: another is written over it. */
  method(at: Pointer): 0;
}

/** An error to be thrown inside the guest. */
export interface GuestFailure {
  readonly failure: string;
  /** It stands for this refusal of the gate. */
  readonly refusal?: Refusal;
}

export interface GuestArguments {
  readonly count: number;
  at(index: number): Pointer;
}
