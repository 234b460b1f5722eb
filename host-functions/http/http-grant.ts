import type { HttpGrant } from '../../runtime/vocabulary/grants/http.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { refuseUnknownField, wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import { MIB } from '../../runtime/vocabulary/units.ts';
import { type OriginPattern, parseOriginPattern } from './origin-pattern.ts';
import { compilePathPatterns, type PathPatterns, pathSegments } from './path-pattern.ts';

/** What entries for requests and for connections have in common. */
export interface EntryPolicy {
  readonly origin: OriginPattern;
  /** Upper case. */
  readonly methods: ReadonlySet<string>;
  /** `undefined`: any path. */
  readonly paths: PathPatterns | undefined;
  readonly secret: string | undefined;
  readonly maxCalls: number;
  readonly maxBytes: number;
  /** Where relative URLs start. */
  readonly base?: URL | undefined;
}

/** One entry of the `http` part of a grant, checked, with its defaults filled. */
export interface HttpEntryPolicy extends EntryPolicy {
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** `undefined`: as the ceiling says. */
  readonly traceparent: boolean | undefined;
}

const DEFAULT_METHODS: readonly string[] = ['GET', 'HEAD'];
const FIELDS: Readonly<Record<keyof HttpGrant, true>> = {
  origin: true,
  methods: true,
  base: true,
  paths: true,
  secret: true,
  traceparent: true,
  maxRequestBytes: true,
  maxResponseBytes: true,
  maxCalls: true,
  maxBytes: true,
};

export const METHOD = /^[A-Za-z0-9!#$%&'+.^_`|~-]{1,32}$/;

/** The `http` part of a grant, parsed. */
export type HttpPart = readonly HttpEntryPolicy[];

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseHttpGrants(part: JsonValue, where: string): HttpPart {
  const policies = readEntries(part, where, FIELDS).map((grant, index) =>
    toPolicy(grant, `${where}[${index}]`),
  );
  if (policies.filter(({ base }) => base !== undefined).length > 1) {
    throw new TypeError(`Cannot read ${where}: more than one entry has "base"`);
  }
  return policies;
}

/** Where relative URLs of a guest start; `undefined` where no entry says so. */
export const baseOf = (policies: readonly EntryPolicy[]): URL | undefined =>
  policies.find(({ base }) => base !== undefined)?.base;

/** A request is held against each of them. */
const MOST_ORIGINS = 1_000;

/** The form of the part only. @throws {TypeError} */
export function readEntries(
  part: JsonValue,
  where: string,
  known: Readonly<Record<string, true>>,
): readonly Record<string, JsonValue>[] {
  if (!Array.isArray(part)) throw new TypeError(`Cannot read ${where}: expected a list of origins`);
  if (part.length > MOST_ORIGINS)
    throw new TypeError(
      `Cannot read ${where}: ${part.length} origins are over ${MOST_ORIGINS}; use patterns`,
    );
  return part.map((entry: JsonValue, index) => {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      throw new TypeError(`Cannot read ${where}[${index}]: expected an object with "origin"`);
    }
    refuseUnknownField(entry, known, `${where}[${index}]`);
    return Object.fromEntries(Object.entries(entry));
  });
}

function toPolicy(grant: Readonly<Record<string, JsonValue>>, where: string): HttpEntryPolicy {
  const methods = readStrings(grant.methods ?? DEFAULT_METHODS, `${where}.methods`);
  const bad = methods.find((method) => !METHOD.test(method));
  if (bad !== undefined) throw new TypeError(`Cannot read ${where}.methods: "${bad}" is not a method`);
  const entry = readEntry(grant, where, 'http');
  const { traceparent } = grant;
  if (traceparent !== undefined && typeof traceparent !== 'boolean')
    throw new TypeError(`Cannot read ${where}.traceparent: expected true or false`);
  return {
    ...entry,
    base: readBase(grant.base, entry.origin, `${where}.base`),
    methods: new Set(methods.map((method) => method.toUpperCase())),
    traceparent,
    maxRequestBytes: cap(grant, 'maxRequestBytes', where) ?? 8 * MIB,
    maxResponseBytes: cap(grant, 'maxResponseBytes', where) ?? 32 * MIB,
  };
}

/** What entries of both kinds have. @throws {TypeError | RangeError} */
export function readEntry(
  grant: Readonly<Record<string, JsonValue>>,
  where: string,
  scheme: 'http' | 'ws',
): Omit<EntryPolicy, 'methods'> {
  const { origin, secret } = grant;
  if (typeof origin !== 'string') throw new TypeError(`Cannot read ${where}.origin: expected a string`);
  if (secret !== undefined && (typeof secret !== 'string' || secret === '')) {
    throw new TypeError(`Cannot read ${where}.secret: expected the name of a secret`);
  }
  const pattern = parseOriginPattern(origin, `${where}.origin`, scheme);
  if (secret !== undefined && pattern.kind === 'any') {
    throw new TypeError(`Cannot read ${where}.secret: a secret needs an origin of its own, not "*"`);
  }
  return {
    origin: pattern,
    paths:
      grant.paths === undefined
        ? undefined
        : compilePathPatterns(readStrings(grant.paths, `${where}.paths`), `${where}.paths`),
    secret,
    maxCalls: cap(grant, 'maxCalls', where) ?? Number.POSITIVE_INFINITY,
    maxBytes: cap(grant, 'maxBytes', where) ?? Number.POSITIVE_INFINITY,
  };
}

function readBase(path: JsonValue | undefined, origin: OriginPattern, where: string): URL | undefined {
  if (path === undefined) return undefined;
  if (typeof path !== 'string') throw new TypeError(`Cannot read ${where}: expected a path such as "/v1/"`);
  const complain = (why: string): TypeError =>
    new TypeError(`Cannot read ${where}: ${JSON.stringify(path)} ${why}`);
  if (origin.kind !== 'exact') throw complain(`needs an origin of its own, not "${origin.text}"`);
  if (!path.startsWith('/') || !path.endsWith('/')) throw complain('does not begin and end with "/"');
  if (/[?#\\\s]/.test(path) || pathSegments(path) === undefined)
    throw complain('is not a plain path: it has a query, "..", an empty segment or a broken escape');
  return new URL(`${origin.protocol}//${origin.host}${origin.port === '' ? '' : `:${origin.port}`}${path}`);
}

function readStrings(value: JsonValue, where: string): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`Cannot read ${where}: expected a list of strings`);
  return value.map((item: JsonValue) => {
    if (typeof item !== 'string' || item === '')
      throw new TypeError(`Cannot read ${where}: expected a list of strings`);
    return item;
  });
}

/** A figure of an entry. @throws {TypeError | RangeError} */
export const cap = (
  grant: Readonly<Record<string, JsonValue>>,
  name: string,
  where: string,
): number | undefined => wholeNumber(grant[name], `read ${where}.${name}:`);
