import { copyJson, type JsonValue } from './codec.ts';
import { checkLimits, type Limits } from './limits.ts';

export type FsAccess = 'read' | 'write' | 'delete';

/** One mount: a host folder (or file) seen by the guest at a guest path. */
export interface FsGrant {
  /** Host path of a folder, or of one file. Relative paths start at the embedder's working folder. */
  readonly host: string;
  /** Absolute guest path. @default `/` + the last segment of `host` */
  readonly guest?: string;
  /** @default ['read']. `write` includes `delete` unless `delete: false`. */
  readonly access?: readonly FsAccess[];
  /** `false` takes deletion (and renaming over a file) out of `write`. @default true */
  readonly delete?: boolean;
  /** File name endings that may be touched, case-insensitive, e.g. `['.csv', '.json']`. @default any */
  readonly extensions?: readonly string[];
  /** Globs below the mount that do not exist for the guest, e.g. `['secret/**']`. */
  readonly deny?: readonly string[];
  /** Largest file read or written, bytes, counted after a write. @default 10 MiB for writes, none for reads */
  readonly maxFileBytes?: number;
  /** Files open at the same time. @default 64 */
  readonly maxOpenFiles?: number;
  /** Calls through this entry. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes read and written through this entry, together. Over it the call is denied. */
  readonly maxBytes?: number;
  /** Bytes read through this entry. Over it the call is denied. */
  readonly maxReadBytes?: number;
  /** Bytes written through this entry. Over it the call is denied. */
  readonly maxWriteBytes?: number;
}

/** One origin that the guest may talk to. */
export interface HttpGrant {
  /**
   * `https://api.example.com`, with a port where it is not the scheme's own; `https://*.example.com` for its subdomains;
   * `*` for every public origin. A private, loopback or link-local address is reached only when it is named here.
   */
  readonly origin: string;
  /** @default ['GET', 'HEAD'] */
  readonly methods?: readonly string[];
  /**
   * Path of this origin at which relative URLs of the guest start, e.g. `/v1/`; it begins and ends with `/`. What comes of them is checked as
   * any URL is. One entry of a grant may have it, and its origin must be exact. @default none: a relative URL is an error
   */
  readonly base?: string;
  /** Path globs, `*` within a segment, `**` across segments. @default any path */
  readonly paths?: readonly string[];
  /** Name of a secret that the host turns into a header for this origin; the guest never sees it. */
  readonly secret?: string;
  /** Largest request body, bytes. @default 8 MiB */
  readonly maxRequestBytes?: number;
  /** Largest response body, bytes. @default 32 MiB */
  readonly maxResponseBytes?: number;
  /** Calls through this entry; redirects count. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes sent and received through this entry. Over it the call is denied. */
  readonly maxBytes?: number;
}

/** One origin that the guest may open WebSocket connections to; no redirect is followed. */
export interface WsGrant {
  /** `wss://api.example.com`, `wss://*.example.com` or `*`, by the same rules as for `http`; also `ws://`. */
  readonly origin: string;
  /** Path globs, as for `http`. @default any path */
  readonly paths?: readonly string[];
  /** Name of a secret that the host sends as a header of the opening handshake; the guest never sees it. */
  readonly secret?: string;
  /** Largest message either way, bytes; `limits.hostCallBytes` holds as well. @default 8 MiB */
  readonly maxMessageBytes?: number;
  /** Connections opened through this entry. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes of messages sent and received through this entry. Over it the connection ends and the call is denied. */
  readonly maxBytes?: number;
}

/**
 * The only things one run can touch. An absent part is denied. A field that is not known here, and a `custom` name that no registered host
 * function has, is an error.
 */
export interface Grant {
  readonly fs?: readonly FsGrant[];
  readonly http?: readonly HttpGrant[];
  readonly ws?: readonly WsGrant[];
  /** The guest's whole environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<Limits>;
  /** Parts of host functions that the embedder registered, by their name; plain JSON. */
  readonly custom?: Readonly<Record<string, JsonValue>>;
}

/** Host functions with a field of their own. */
const BUILT_IN: ReadonlySet<string> = new Set(['fs', 'http', 'ws']);

/** A grant after `checkGrant`: copied, frozen, defaults not yet filled. */
export interface CheckedGrant {
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Partial<Limits>;
  /** Host function name → its part of the grant, plain JSON. */
  readonly parts: ReadonlyMap<string, JsonValue>;
}

/**
 * Checks a grant's outer form; each host function checks its own part when it opens.
 * @param known Names of the registered host functions.
 * @throws {TypeError} on an unknown field or a wrong type. @throws {RangeError} on a limit out of range.
 */
export function checkGrant(value: unknown, known: ReadonlySet<string>, where = 'grant'): CheckedGrant {
  if (value === undefined) return { env: Object.freeze({}), limits: {}, parts: new Map() };
  const copied = copyJson(value, where);
  if (typeof copied !== 'object' || copied === null || Array.isArray(copied)) {
    throw new TypeError(`Cannot read ${where}: expected an object`);
  }
  const parts = new Map<string, JsonValue>();
  let env: Readonly<Record<string, string>> = Object.freeze({});
  let limits: Partial<Limits> = {};
  for (const [name, part] of Object.entries(copied)) {
    if (name === 'limits') limits = checkLimits(part, `${where}.limits`);
    else if (name === 'env') env = checkEnv(part, `${where}.env`);
    else if (BUILT_IN.has(name) && known.has(name)) parts.set(name, part);
    else if (name === 'custom') addCustom(parts, part, known, `${where}.custom`);
    else {
      const fields = [...BUILT_IN].filter((field) => known.has(field));
      throw new TypeError(
        `Cannot read ${where}: unknown field "${name}", known are ${[...fields, 'env', 'limits', 'custom'].join(', ')}`,
      );
    }
  }
  return { env, limits, parts };
}

function addCustom(
  parts: Map<string, JsonValue>,
  value: JsonValue,
  known: ReadonlySet<string>,
  where: string,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${where}: expected an object of grants by host function`);
  }
  for (const [name, part] of Object.entries(value)) {
    if (!known.has(name) || BUILT_IN.has(name)) {
      const names = [...known].filter((host) => !BUILT_IN.has(host)).join(', ') || 'none';
      throw new TypeError(
        `Cannot read ${where}: no registered host function is named "${name}", there are: ${names}`,
      );
    }
    parts.set(name, part);
  }
}

function checkEnv(value: JsonValue, where: string): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${where}: expected an object of strings`);
  }
  const env: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new TypeError(`Cannot read ${where}.${name}: expected a string`);
    if (name === '' || /[=\0]/.test(name) || text.includes('\0')) {
      throw new TypeError(`Cannot read ${where}: "${name}" is no name and value of an environment variable`);
    }
    env.push([name, text]);
  }
  return Object.freeze(Object.fromEntries(env));
}

/** `fs.*` covers `fs.read`, `*` covers everything but `dangerous`; wildcards stand for whole segments. */
export function capabilityCovers(granted: string, asked: string): boolean {
  if (granted === asked) return true;
  if (granted === '*') return asked !== 'dangerous';
  return granted.endsWith('.*') && asked.startsWith(granted.slice(0, -1));
}
