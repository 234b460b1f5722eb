/**
 * Native work in steps of a few milliseconds. Each `yield` tells how many bytes of native work the step that follows costs, so that it can be
 * paid for, and the guest looked at, before it is done.
 */
export type NativeSteps<T> = Generator<number, T, void>;

/** Bytes that a digest in JavaScript takes in one step: about two milliseconds. */
export const STEP_BYTES = 262_144;

/** The one piece of such work that a guest has under way: it waits for it, so a second one replaces the first. */
export interface NativeWork<T> {
  /** Takes up new work; nothing of it is done yet. */
  begin(steps: NativeSteps<T> | undefined): void;
  /** Pays for the next step, and does it. @returns What came of the whole; `'more'` when steps are left; `undefined` when there is no work. */
  step(): { readonly done: T } | 'more' | undefined;
}

/** @param charge Bills native work on so many bytes. */
export function createNativeWork<T>(charge: (bytes: number) => void): NativeWork<T> {
  let steps: NativeSteps<T> | undefined;
  let owed = 0;
  return {
    begin: (next) => {
      steps = next;
      owed = 0;
    },
    step: () => {
      if (owed > 0) charge(owed);
      const next = steps?.next();
      if (next === undefined) return undefined;
      if (next.done !== true) {
        owed = next.value;
        return 'more';
      }
      steps = undefined;
      return { done: next.value };
    },
  };
}
