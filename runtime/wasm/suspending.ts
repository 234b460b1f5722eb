/** JavaScript Promise Integration, which the DOM types do not know yet. */
interface PromiseIntegration {
  readonly Suspending?: new (callback: () => Promise<number>) => object;
}

/**
 * An importable function that suspends the stack of the guest that calls it.
 * @throws {TypeError} where the platform cannot do that.
 */
export function suspending(callback: () => Promise<number>): object {
  const { Suspending } = WebAssembly as PromiseIntegration; // a newer namespace than the types have
  if (Suspending === undefined)
    throw new TypeError('Cannot give the event loop its turn: no WebAssembly.Suspending');
  return new Suspending(callback);
}
