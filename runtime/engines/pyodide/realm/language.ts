import type { RealmPort } from './contract.ts';

/** Runs inside the guest's realm; see `bootRealm`. Takes from the language what would tell of the host, or hold this thread where no meter runs. */
export function hardenLanguage(realm: Record<string, unknown>, port: Pick<RealmPort, 'now'>): void {
  const { defineProperty } = Reflect;
  const nothing = (): void => undefined;
  // V8 makes Temporal when it is first touched, with the prototypes of whichever realm touches it.
  for (const name of ['SharedArrayBuffer', 'Atomics', 'Temporal']) delete realm[name];
  // With a prototype of its choice, an object that Python may fill has the functions of a list.
  Reflect.deleteProperty(Object.prototype, '__proto__');
  Date.now = () => Math.floor(port.now());
  defineProperty(Date.prototype, 'constructor', { value: undefined });
  delete (Date.prototype as { toTemporalInstant?: unknown }).toTemporalInstant;
  // Stack texts hold the host's file names; without frames there are none.
  for (const kind of [
    Error,
    RangeError,
    TypeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    AggregateError,
  ]) {
    defineProperty(kind, 'stackTraceLimit', { get: nothing, set: nothing, configurable: false });
    defineProperty(kind, 'prepareStackTrace', { value: undefined, writable: false, configurable: false });
    defineProperty(kind, 'captureStackTrace', { value: nothing, writable: false, configurable: false });
  }
}
