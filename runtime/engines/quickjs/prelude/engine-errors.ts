import {
  construct,
  define,
  deleteProperty,
  ErrorType,
  getPrototypeOf,
  objectCreate,
  setPrototypeOf,
} from './primordials.ts';

/** Of what the engine itself throws, and no constructor makes. */
let ofEngine: object | undefined;

/**
 * Gives guests an `InternalError` of their own, and makes the engine's a RangeError, as V8's is: what guests make is theirs, and what the engine
 * throws is known by its prototype, whatever a message says.
 */
export const installEngineErrors = (): void => {
  const native = (globalThis as unknown as { readonly InternalError: { readonly prototype: object } })
    .InternalError; // QuickJS has it
  ofEngine = native.prototype;
  const own = function InternalError(...args: unknown[]): object {
    return construct(ErrorType, args, new.target ?? own);
  };
  setPrototypeOf(own, ErrorType);
  const prototype = objectCreate(ErrorType.prototype) as object;
  own.prototype = prototype;
  define(prototype, 'constructor', own);
  define(prototype, 'name', 'InternalError');
  define(prototype, 'message', '');
  define(own, 'length', 1);
  setPrototypeOf(ofEngine, RangeError.prototype); // what V8 throws of a full stack
  for (const name of ['constructor', 'name', 'message']) deleteProperty(ofEngine, name);
  define(globalThis, 'InternalError', own);
};

/**
 * Which limit the engine told of by this very error. `none`: by nothing, as it does when it has no memory even for an error. The host
 * knows itself whether the limit was reached at all.
 */
export const limitOf = (error: unknown): 'stack' | 'memory' | 'none' | undefined => {
  if (error === null) return 'none';
  if (typeof error !== 'object' || getPrototypeOf(error) !== ofEngine) return undefined;
  const { message } = error as { readonly message: unknown };
  if (message === 'Maximum call stack size exceeded') return 'stack';
  return message === 'out of memory' ? 'memory' : undefined;
};
