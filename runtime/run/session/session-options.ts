import type { ModuleSessionOptions, SessionOptions } from '../../contracts/api/session.ts';
import { type CheckedGrant, checkGrant, type PartReader } from '../../vocabulary/check-grant.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { languageName } from '../../vocabulary/languages.ts';
import type { IsolationLevel } from '../../vocabulary/levels.ts';
import { checkLimits, type Limits } from '../../vocabulary/limits.ts';
import {
  checkSignal,
  jsonObject,
  readLevel,
  readName,
  refuseUnknown,
  wholeNumber,
} from '../../vocabulary/read-options.ts';
import { IDLE_MS } from '../../vocabulary/session-idle.ts';

/** What `sessions.open` was asked, checked and copied. */
export interface SessionRequest {
  readonly name: string;
  readonly language: string;
  readonly module: Uint8Array | string | URL | undefined;
  readonly level: IsolationLevel | undefined;
  readonly grant: CheckedGrant | undefined;
  readonly limits: Partial<Limits>;
  readonly options: JsonObject;
  readonly idleMs: number;
}

const KNOWN: Readonly<Record<keyof (SessionOptions & ModuleSessionOptions), true>> = {
  name: true,
  module: true,
  language: true,
  level: true,
  grant: true,
  limits: true,
  options: true,
  idleMs: true,
  signal: true,
};

const WHERE = 'open a session';

/**
 * Checks what a caller passed to `sessions.open`.
 * @throws {TypeError | RangeError} naming the option, the reason and the value.
 */
export function readSessionOptions(
  options: SessionOptions | ModuleSessionOptions,
  hostFunctions: ReadonlyMap<string, PartReader>,
): SessionRequest {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`Cannot ${WHERE}: expected an object of options`);
  refuseUnknown(given, KNOWN, WHERE);
  const module = moduleOf(options);
  if (module === undefined && typeof options.language !== 'string')
    throw new TypeError(`Cannot ${WHERE}: expected language as a string`);
  checkSignal(options.signal, WHERE);
  return {
    name: readName(options.name, 'name', WHERE) ?? `session-${crypto.randomUUID()}`,
    language: module === undefined ? languageName(String(options.language)) : '',
    module,
    level: readLevel(options.level, WHERE),
    grant: options.grant === undefined ? undefined : checkGrant(options.grant, hostFunctions),
    limits: checkLimits(options.limits),
    options: jsonObject(options.options, 'options', WHERE),
    idleMs: wholeNumber(options.idleMs, `${WHERE}: idleMs`, { ...IDLE_MS, unit: 'ms' }) ?? IDLE_MS.default,
  };
}

function moduleOf(options: SessionOptions | ModuleSessionOptions): Uint8Array | string | URL | undefined {
  const module: unknown = 'module' in options ? options.module : undefined;
  if (module === undefined) return undefined;
  if (options.language !== undefined)
    throw new TypeError(`Cannot ${WHERE}: give either language or module, not both`);
  if (module instanceof Uint8Array || (typeof module === 'string' && module !== '')) return module;
  if (module instanceof URL && module.protocol === 'file:') return module;
  throw new TypeError(
    `Cannot ${WHERE}: module is neither bytes (Uint8Array), nor the path or file URL of a .wasm`,
  );
}
