/** A function that a module imports; wasm calls it with what its type says. */
export type Import = (...args: never[]) => unknown;

/** JSPI is younger than the types of WebAssembly. */
interface Jspi {
  readonly Suspending?: new (run: (...args: unknown[]) => Promise<unknown>) => Import;
  readonly promising?: (run: Import) => (...args: unknown[]) => Promise<unknown>;
}

const jspi = (): Jspi => WebAssembly as Jspi; // both fields are looked for before they are used

export const hasJspi = (): boolean =>
  typeof jspi().Suspending === 'function' && typeof jspi().promising === 'function';

/** An import that suspends the guest until its promise settles. */
export function suspending(run: (...args: unknown[]) => Promise<unknown>): Import {
  const { Suspending } = jspi();
  if (Suspending === undefined) throw new TypeError('Cannot suspend: no JSPI here');
  return new Suspending(run);
}

/** An export that may be suspended inside. */
export function promising(run: Import): (...args: unknown[]) => Promise<unknown> {
  const wrap = jspi().promising;
  if (wrap === undefined) throw new TypeError('Cannot suspend: no JSPI here');
  return wrap(run);
}
