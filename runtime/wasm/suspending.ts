/** JavaScript Promise Integration, which the DOM types do not know yet. */
interface PromiseIntegration {
  readonly Suspending?: new (callback: (...args: never[]) => unknown) => object;
  readonly promising?: (run: unknown) => unknown;
}

const integration = (): PromiseIntegration => WebAssembly as PromiseIntegration; // a newer namespace than the types have

/** Whether this platform can suspend the stack of a guest. */
export const canSuspend = (): boolean =>
  typeof integration().Suspending === 'function' && typeof integration().promising === 'function';

/**
 * An importable function that suspends the stack of the guest that calls it.
 * @throws {TypeError} where the platform cannot do that.
 */
export function suspending(callback: (...args: never[]) => unknown): object {
  const { Suspending } = integration();
  if (Suspending === undefined)
    throw new TypeError('Cannot give the event loop its turn: no WebAssembly.Suspending');
  return new Suspending(callback);
}

/**
 * An exported function of a guest, entered so that its stack may be suspended.
 * @throws {TypeError} where the platform cannot do that.
 */
export function promising<Args extends unknown[], Result>(
  run: (...args: Args) => Result,
): (...args: Args) => Promise<Result> {
  const wrap = integration().promising;
  if (wrap === undefined) throw new TypeError('Cannot enter the guest: no WebAssembly.promising');
  return wrap(run) as (...args: Args) => Promise<Result>; // it takes the same, and promises what the function answers
}
