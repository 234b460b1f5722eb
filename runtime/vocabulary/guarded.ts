/**
 * A listener of the embedder's that harms nobody: what it throws, and what an async one rejects with, goes to `blame` and no further.
 * @param blame Told of its first fault only. What it throws itself is dropped: there is nobody left to tell.
 */
export function guarded<A extends readonly unknown[]>(
  listener: (...args: A) => unknown,
  blame: (error: unknown) => unknown,
): (...args: A) => void {
  let faulty = false;
  const fault = (error: unknown): void => {
    if (faulty) return;
    faulty = true;
    harmless(blame, [error], () => undefined);
  };
  return (...args) => harmless(listener, args, fault);
}

function harmless<A extends readonly unknown[]>(
  call: (...args: A) => unknown,
  args: A,
  onFault: (error: unknown) => void,
): void {
  try {
    const answer = call(...args);
    // One that fails later would end the process as an unhandled rejection.
    if (answer instanceof Promise) answer.catch(onFault);
  } catch (error) {
    onFault(error);
  }
}

/** A clock of the embedder's; where it throws or answers no finite number, `instead` is asked and `blame` told, once. */
export function guardedClock(
  clock: () => number,
  instead: () => number,
  blame: (error: unknown) => unknown,
): () => number {
  const tell = guarded(blame, () => undefined);
  let faulty = false;
  return () => {
    try {
      const time: unknown = clock();
      if (typeof time === 'number' && Number.isFinite(time)) return time;
      if (time instanceof Promise) time.catch(() => undefined);
      throw new TypeError(`Cannot read the clock: it answered ${String(time)}`);
    } catch (error) {
      if (!faulty) tell(error);
      faulty = true;
      return instead();
    }
  };
}
