/** Keeps Python from the language's own functions. */
export interface CallGuard {
  /**
   * Stands before the glue's imports: to be called before the interpreter's instance is made. `missing` is the glue's answer for "no such
   * attribute".
   */
  guard(env: Record<string, unknown>, missing: unknown): void;
  /** From the instance on, `silence` can be called. */
  allowSilence(): void;
  /** Whether calls from wasm to JavaScript end the call of the wasm that they come from. */
  silence(silent: boolean): void;
  /** From now on. */
  seal(isMadeFromPython: (value: unknown) => boolean): void;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. Python may call the functions that the host and the glue have written, and its own. Those of
 * the language it neither gets nor calls: several of them (`reverse` of a list that says to have 2 ** 53 items, `Array.from` of an iterator without
 * end) hold their thread where no meter runs and where V8 does not end them, or bring down the whole process for want of memory. They also lead
 * to the prototypes, which the rest of the realm stands on.
 */
export function guardCalls(): CallGuard {
  const { apply, ownKeys } = Reflect;
  const { isArray } = Array;
  const Failure = TypeError;
  const Range = RangeError;
  const textOf = Function.prototype.toString;
  const endsWith = String.prototype.endsWith;
  const known = new WeakSet<object>();
  const isKnown = known.has;
  const remember = known.add;
  type Import = (...args: unknown[]) => unknown;
  let hasSilence = false;
  let isSilent = false;
  let isMadeFromPython: ((value: unknown) => boolean) | undefined;

  /** Whatever has no source is the language's own, or was bound or made of such. */
  const NATIVE = '{ [native code] }';
  /** What settles a promise has no name; the glue hands it to Python, which calls it. No attribute gives it, nor anything like it. */
  const UNNAMED = `function () ${NATIVE}`;
  const isRefused = (value: unknown, isGiven: boolean): boolean => {
    if (isMadeFromPython === undefined || typeof value !== 'function') return false;
    if (apply(isKnown, known, [value]) || isMadeFromPython(value)) return false;
    const text: string = apply(textOf, value, []);
    if (apply(endsWith, text, [NATIVE])) return !(isGiven && text === UNNAMED);
    apply(remember, known, [value]);
    return false;
  };
  /** A function, so that it can stand where a constructor is expected. */
  const refuse = function refuse(): never {
    throw new Failure('guests have no JavaScript');
  };
  /** Stands for an object that must not be changed. */
  const unchangeable = new Proxy({}, { set: refuse, deleteProperty: refuse });
  /** Items of a list that is made in one step: V8 ends the process when there is no memory for one that large. */
  const MOST_ITEMS = 1 << 24;
  const tooLarge = new Proxy(
    {},
    {
      get: () => {
        throw new Range('memory limit reached');
      },
    },
  );

  const guard = (env: Record<string, unknown>, missing: unknown): void => {
    const replace = (name: string, make: (original: Import) => Import): void => {
      const original = env[name];
      if (typeof original !== 'function') throw new Failure(`the glue has no ${name}`);
      env[name] = Object.assign(make(original as Import), original); // with its signature, which side modules need
    };
    // The glue turns what its own imports throw into an exception of Python: so they are given what throws, in place of what is refused.
    for (const name of [
      'JsvFunction_CallBound',
      'JsvFunction_Call_OneArg',
      'JsvFunction_Construct',
      'raw_call_js',
    ]) {
      const isCall = name !== 'JsvFunction_Construct';
      replace(
        name,
        (original) =>
          (called, ...args) =>
            original(isRefused(called, isCall) ? refuse : called, ...args),
      );
    }
    replace('JsProxy_GetAttr_js', (original) => (of, name) => {
      const value = original(of, name);
      return isRefused(value, false) ? missing : value;
    });
    for (const name of ['JsArray_repeat_js', 'JsArray_inplace_repeat_js']) {
      replace(name, (original) => (list, times) => {
        const fits = (list as { length: number }).length * (times as number) <= MOST_ITEMS;
        return original(fits ? list : tooLarge, times);
      });
    }
    for (const name of ['JsProxy_SetAttr_js', 'JsProxy_DelAttr_js']) {
      // A list could be told to be longer than it is.
      replace(
        name,
        (original) =>
          (of, ...args) =>
            original(isMadeFromPython !== undefined && isArray(of) ? unchangeable : of, ...args),
      );
    }
    if (!hasSilence) return;
    // One for all names of a function: the places of functions in the table are part of a snapshot's memory.
    const silenced = new Map<Import, Import>();
    for (const name of ownKeys(env) as string[]) {
      if (typeof env[name] !== 'function') continue; // what suspends is refused by V8 itself outside a call that may
      replace(name, (original) => {
        const wrapped: Import = (...args) => {
          if (isSilent) throw new Failure('not while the memory is restored');
          return original(...args);
        };
        const known = silenced.get(original) ?? wrapped;
        silenced.set(original, known);
        return known;
      });
    }
  };
  return {
    guard,
    allowSilence: () => {
      hasSilence = true;
    },
    silence: (silent) => {
      isSilent = silent;
    },
    seal: (made) => {
      isMadeFromPython = made;
    },
  };
}
