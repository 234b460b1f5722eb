import type { Internals } from '../prelude/internals.ts';

/** The prelude's internals; set once, before anything of the library is evaluated. */
export let inner: Internals;

export const setInner = (given: Internals): void => {
  inner = given;
};

/** An object whose members are looked up by name. */
export type Named = Record<string, unknown>;
/** A function of which nothing more is known. */
export type Callable = (this: unknown, ...args: unknown[]) => unknown;
/** A callback in Node's manner. */
export type Callback = (error: unknown, ...results: unknown[]) => void;

/** A hidden property, as the language's own are. */
export const hide = (target: object, name: PropertyKey, value: unknown): void => {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
};

/** An error with one of Node's codes. */
export const nodeError = <E extends Error>(
  Type: new (message: string) => E,
  code: string,
  message: string,
): E => {
  const error = new Type(message);
  Object.defineProperty(error, 'code', { value: code, enumerable: true, writable: true, configurable: true });
  if (code.startsWith('ERR_')) {
    tellCode(error, code);
    hide(error, 'toString', (): string => `${error.name} [${code}]: ${error.message}`);
  }
  return error;
};

/** Writes the code behind the name that the stack begins with, as Node's own errors have it. */
export const tellCode = (error: Error, code: string): void => {
  const stack = String(error.stack);
  if (stack.startsWith(error.name))
    hide(error, 'stack', `${error.name} [${code}]${stack.slice(error.name.length)}`);
};

export const wrongArgument = (name: string, expected: string, value: unknown): TypeError =>
  nodeError(
    TypeError,
    'ERR_INVALID_ARG_TYPE',
    `The "${name}" argument must be ${expected}. Received ${received(value)}`,
  );

/** What an argument was, as Node's errors tell it. */
export const received = (value: unknown): string => {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const type = (value as { readonly constructor?: { readonly name?: string } }).constructor?.name;
    return type ? `an instance of ${type}` : inner.inspect(value, -1);
  }
  return `type ${typeof value} (${inner.inspect(value).slice(0, 28)})`;
};
