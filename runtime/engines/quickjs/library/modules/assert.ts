import { type Callable, tellCode, wrongArgument } from '../inner.ts';
import { describe, show } from './assertion-text.ts';
import { deepEqual } from './deep-equal.ts';

interface Details {
  readonly message?: unknown;
  readonly actual?: unknown;
  readonly expected?: unknown;
  readonly operator?: string;
  readonly generated?: boolean;
}

/** What these say of both values stands below a message, too. */
const DIFFERING: ReadonlySet<string | undefined> = new Set(['strictEqual', 'deepStrictEqual']);

class AssertionError extends Error {
  // In the order in which Node shows them.
  readonly generatedMessage: boolean;
  readonly code: string;
  readonly actual: unknown;
  readonly expected: unknown;
  readonly operator: string | undefined;
  readonly diff: string;
  constructor(options: Details) {
    if (typeof options !== 'object' || options === null)
      throw wrongArgument('options', 'of type object', options);
    const { actual, expected, operator, message } = options;
    super(
      message === undefined || (DIFFERING.has(operator) && options.generated === undefined)
        ? describe(operator, actual, expected, message === undefined ? undefined : String(message))
        : String(message),
    );
    Object.defineProperty(this, 'name', { value: 'AssertionError', configurable: true, writable: true });
    this.generatedMessage = options.generated ?? message === undefined;
    this.code = 'ERR_ASSERTION';
    this.actual = actual;
    this.expected = expected;
    this.operator = operator;
    this.diff = 'simple';
    tellCode(this, this.code);
  }
  override toString(): string {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}

const fail = (details: Details): never => {
  if (details.message instanceof Error) throw details.message;
  throw new AssertionError(details);
};

const check = (
  given: boolean,
  operator: string,
  actual: unknown,
  expected: unknown,
  message: unknown,
  generated?: boolean,
): void => {
  if (!given)
    fail({ operator, actual, expected, message, ...(generated === undefined ? {} : { generated }) });
};

const ok = (...args: unknown[]): void => {
  const [value, message] = args;
  if (value) return;
  if (args.length === 0)
    fail({
      message: 'No value argument passed to `assert.ok()`',
      generated: true,
      actual: undefined,
      expected: true,
      operator: '==',
    });
  if (message === undefined) {
    fail({
      message: 'The expression evaluated to a falsy value',
      generated: true,
      actual: value,
      expected: true,
      operator: '==',
    });
  }
  fail({ message, actual: value, expected: true, operator: '==' });
};

/** What an error has of the fields that are asked for. */
class Comparison {
  [name: string]: unknown;
}

type Matcher = unknown;
/** Whether a thrown value is the expected one; throws an AssertionError that says why not. */
const matches = (error: unknown, expected: Matcher, message: unknown, operator: string): void => {
  if (expected === undefined) return;
  if (expected instanceof RegExp) {
    if (expected.test(String(error))) return;
    fail({
      message:
        message ??
        `The input did not match the regular expression ${show(expected)}. Input:\n\n${show(String(error))}\n`,
      generated: message === undefined,
      actual: error,
      expected,
      operator,
    });
  }
  if (typeof expected === 'function') {
    const { prototype } = expected as { readonly prototype?: unknown };
    if (prototype !== undefined && error instanceof (expected as never)) return;
    if (expected === Error || prototype instanceof Error) {
      const name = (expected as { readonly name: string }).name;
      const found = (error as { readonly constructor?: { readonly name?: string } } | undefined)?.constructor
        ?.name;
      fail({
        message:
          message ??
          `The error is expected to be an instance of "${name}". Received ` +
            `"${found ?? show(error)}"\n\nError message:\n\n${(error as Error | undefined)?.message}`,
        generated: message === undefined,
        actual: error,
        expected,
        operator,
      });
    }
    if ((expected as Callable)(error) === true) return;
    fail({
      message: message ?? 'The validation function is expected to return "true". Received another value',
      actual: error,
      expected,
      operator,
    });
  }
  if (typeof expected === 'object' && expected !== null) {
    const wanted = expected as Record<string, unknown>;
    const found = error as Record<string, unknown>;
    const keys = Object.keys(wanted);
    if (expected instanceof Error) keys.push('name', 'message');
    for (const key of keys) {
      const [one, two] = [found?.[key], wanted[key]];
      if (two instanceof RegExp && typeof one === 'string' ? two.test(one) : deepEqual(one, two, true))
        continue;
      const part = (of: Record<string, unknown>): Record<string, unknown> =>
        Object.assign(new Comparison(), Object.fromEntries(keys.map((name) => [name, of?.[name]])));
      fail({
        message: message ?? describe('deepStrictEqual', part(found), part(wanted)),
        generated: message === undefined,
        actual: error,
        expected,
        operator,
      });
    }
  }
};

const NOTHING = Symbol('nothing');
const thrownBy = (fn: unknown): unknown => {
  if (typeof fn !== 'function') throw wrongArgument('fn', 'of type function', fn);
  try {
    fn();
  } catch (error) {
    return error;
  }
  return NOTHING;
};
const rejectedBy = async (given: unknown): Promise<unknown> => {
  const promise = typeof given === 'function' ? (given as Callable)() : given;
  if (typeof (promise as Promise<unknown> | undefined)?.then !== 'function') {
    throw wrongArgument('promiseFn', 'of type function or an instance of Promise', given);
  }
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return NOTHING;
};
const expectThrown = (found: unknown, expected: unknown, given: unknown, operator: string): void => {
  const [matcher, message] = typeof expected === 'string' ? [undefined, expected] : [expected, given];
  if (found !== NOTHING) {
    matches(found, matcher, message, operator);
    return;
  }
  const name =
    typeof matcher === 'function' && (matcher as Callable).name ? ` (${(matcher as Callable).name})` : '';
  const what = operator === 'rejects' ? 'rejection' : 'exception';
  fail({
    message: `Missing expected ${what}${name}${message === undefined ? '.' : `: ${String(message)}`}`,
    actual: undefined,
    expected: matcher,
    operator,
  });
};
const expectNothing = (found: unknown, given: unknown, operator: string): void => {
  if (found === NOTHING) return;
  const message = typeof given === 'string' ? `: ${given}` : '.';
  const what = operator === 'doesNotReject' ? 'rejection' : 'exception';
  fail({
    message: `Got unwanted ${what}${message}\nActual message: "${(found as Error | undefined)?.message}"`,
    actual: found,
    expected: undefined,
    operator,
  });
};

/** Whether `actual` has all that `expected` has. */
const partial = (actual: unknown, expected: unknown): boolean => {
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null)
    return false;
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return false;
    let from = 0;
    return expected.every((item) => {
      const at = actual.findIndex((one, index) => index >= from && partial(one, item));
      from = at + 1;
      return at >= 0;
    });
  }
  if (expected instanceof Set)
    return (
      actual instanceof Set && [...expected].every((item) => [...actual].some((one) => partial(one, item)))
    );
  if (expected instanceof Map)
    return actual instanceof Map && [...expected].every(([key, item]) => partial(actual.get(key), item));
  if (Object.getPrototypeOf(expected) !== Object.prototype) return deepEqual(actual, expected, true);
  return Object.entries(expected).every(([key, item]) =>
    partial((actual as Record<string, unknown>)[key], item),
  );
};

const isEqual = (a: unknown, b: unknown): boolean =>
  // biome-ignore lint/suspicious/noDoubleEquals: the loose comparison is what Node's legacy mode is
  a == b || (Number.isNaN(a) && Number.isNaN(b));

const shared = {
  AssertionError,
  ok,
  fail: (message?: unknown): never =>
    fail({ message: message ?? 'Failed', operator: 'fail', generated: message === undefined }),
  strictEqual: (a: unknown, b: unknown, message?: unknown) =>
    check(Object.is(a, b), 'strictEqual', a, b, message),
  notStrictEqual: (a: unknown, b: unknown, message?: unknown) =>
    check(!Object.is(a, b), 'notStrictEqual', a, b, message),
  deepStrictEqual: (a: unknown, b: unknown, message?: unknown) =>
    check(deepEqual(a, b, true), 'deepStrictEqual', a, b, message),
  notDeepStrictEqual: (a: unknown, b: unknown, message?: unknown) =>
    check(!deepEqual(a, b, true), 'notDeepStrictEqual', a, b, message),
  partialDeepStrictEqual: (a: unknown, b: unknown, message?: unknown) =>
    check(partial(a, b), 'partialDeepStrictEqual', a, b, message),
  match: (text: unknown, pattern: RegExp, message?: unknown) =>
    check(
      typeof text === 'string' && pattern.test(text),
      'match',
      text,
      pattern,
      message ?? `The input did not match the regular expression ${show(pattern)}. Input:\n\n${show(text)}\n`,
      message === undefined,
    ),
  doesNotMatch: (text: unknown, pattern: RegExp, message?: unknown) =>
    check(
      typeof text === 'string' && !pattern.test(text),
      'doesNotMatch',
      text,
      pattern,
      message ??
        `The input was expected to not match the regular expression ${show(pattern)}. Input:\n\n${show(text)}\n`,
      message === undefined,
    ),
  throws: (fn: unknown, expected?: unknown, message?: unknown) =>
    expectThrown(thrownBy(fn), expected, message, 'throws'),
  doesNotThrow: (fn: unknown, expected?: unknown, message?: unknown) =>
    expectNothing(thrownBy(fn), message ?? expected, 'doesNotThrow'),
  rejects: async (given: unknown, expected?: unknown, message?: unknown) =>
    expectThrown(await rejectedBy(given), expected, message, 'rejects'),
  doesNotReject: async (given: unknown, expected?: unknown, message?: unknown) =>
    expectNothing(await rejectedBy(given), message ?? expected, 'doesNotReject'),
  ifError: (value: unknown): void => {
    if (value === null || value === undefined) return;
    fail({
      message: `ifError got unwanted exception: ${value instanceof Error ? value.message : show(value)}`,
      actual: value,
      expected: null,
      operator: 'ifError',
    });
  },
};
const loose = {
  equal: (a: unknown, b: unknown, message?: unknown) => check(isEqual(a, b), '==', a, b, message),
  notEqual: (a: unknown, b: unknown, message?: unknown) => check(!isEqual(a, b), '!=', a, b, message),
  deepEqual: (a: unknown, b: unknown, message?: unknown) =>
    check(deepEqual(a, b, false), 'deepEqual', a, b, message),
  notDeepEqual: (a: unknown, b: unknown, message?: unknown) =>
    check(!deepEqual(a, b, false), 'notDeepEqual', a, b, message),
};
const tight = {
  equal: shared.strictEqual,
  notEqual: shared.notStrictEqual,
  deepEqual: shared.deepStrictEqual,
  notDeepEqual: shared.notDeepStrictEqual,
};

const asFunction = (members: object): Record<string, unknown> =>
  Object.assign((...args: unknown[]) => ok(...args), members) as unknown as Record<string, unknown>; // a function has members too

export const assert = asFunction({ ...shared, ...loose });
export const strict = asFunction({ ...shared, ...tight });
for (const one of [assert, strict]) one.strict = strict;
