import { inner, type Named } from '../../inner.ts';

export type Options = Named;

interface Ask {
  readonly kind: string;
  readonly method: string;
  readonly locales?: unknown;
  readonly options?: unknown;
  readonly args?: readonly unknown[];
}

const ERRORS: Readonly<Record<string, new (message: string) => Error>> = { RangeError, TypeError };

const wire = (value: unknown): unknown => {
  if (typeof value === 'bigint') return { $bigint: `${value}` };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? '-0' : `${value}` };
  }
  return Array.isArray(value) ? value.map(wire) : value;
};
export const ask = (request: Ask): unknown => {
  const args = (request.args ?? []).map(wire);
  const { value, error } = JSON.parse(inner.host.intl(JSON.stringify({ ...request, args }))) as {
    readonly value?: unknown;
    readonly error?: readonly [name: string, message: string];
  };
  if (error === undefined) return value;
  throw new (ERRORS[error[0]] ?? Error)(error[1]);
};

/** Options as plain data, each read once. */
export const plain = (options: unknown): Options => {
  if (options === undefined) return {};
  if (options === null) throw new TypeError('Cannot convert undefined or null to object');
  const made: Options = {};
  for (const name in options as Options) {
    const value = (options as Options)[name];
    if (value !== undefined) made[name] = typeof value === 'object' ? String(value) : value;
  }
  return made;
};
