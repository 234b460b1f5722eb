import type { ToolCacheStore } from '../contracts/api/tool-cache.ts';
import type { ConfirmTool } from '../contracts/api/tool-call.ts';
import type { ToolServer } from '../contracts/api/tool-servers.ts';
import type { ToolsOptions } from '../contracts/api/tools.ts';
import { defined } from '../vocabulary/defined.ts';
import type { TextRules } from '../vocabulary/manifest.ts';
import type { PolicySource, Rate } from '../vocabulary/policy.ts';
import { refuseUnknown, refuseUnknownField, wholeNumber } from '../vocabulary/read-options.ts';
import { createToolValidators, type ToolValidators } from './check/tool-validators.ts';
import { createNameRules, type NameRules } from './name-rules.ts';
import { readTextRules } from './read-text-rules.ts';
import { createToolStore, storeOf, type ToolStore } from './registry.ts';

/** The option `tools`, checked, with its defaults. */
export interface ToolSettings {
  readonly builtin: boolean;
  readonly dirs: readonly (string | URL)[];
  readonly watch: boolean;
  readonly servers: Readonly<Record<string, ToolServer>>;
  readonly pins: string | URL | undefined;
  readonly store: ToolStore;
  readonly names: NameRules;
  readonly confirm: ConfirmTool | undefined;
  readonly maxConcurrent: number;
  readonly maxPerTool: number;
  readonly maxPerCaller: number;
  readonly maxQueued: number;
  readonly rate: Rate | undefined;
  readonly cache: {
    readonly entries: number;
    readonly ttlMs: number;
    readonly store: ToolCacheStore | undefined;
  };
  readonly text: TextRules;
  readonly validators: ToolValidators;
}

const KNOWN: Readonly<Record<keyof ToolsOptions, true>> = {
  builtin: true,
  dirs: true,
  watch: true,
  servers: true,
  pins: true,
  registry: true,
  safeOnly: true,
  allow: true,
  deny: true,
  confirm: true,
  maxConcurrent: true,
  maxConcurrentPerTool: true,
  maxConcurrentPerCaller: true,
  maxQueued: true,
  rate: true,
  cache: true,
  text: true,
  validators: true,
};

const WHERE = 'create a runtime: tools';

/** @throws {TypeError | RangeError} naming the option. */
export function readToolsOptions(options: ToolsOptions = {}, policy: PolicySource): ToolSettings {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Cannot ${WHERE}: expected an object`);
  refuseUnknown(options, KNOWN, WHERE);
  for (const name of ['builtin', 'safeOnly', 'watch'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'boolean')
      throw new TypeError(`Cannot ${WHERE}: ${name} is not true or false`);
  }
  const { dirs = [], confirm, registry, safeOnly, allow, deny } = options;
  if (!Array.isArray(dirs) || !dirs.every((dir) => typeof dir === 'string' || dir instanceof URL))
    throw new TypeError(`Cannot ${WHERE}: dirs is not a list of folders`);
  if (confirm !== undefined && typeof confirm !== 'function')
    throw new TypeError(`Cannot ${WHERE}: confirm is not a function`);
  const { servers = {}, pins } = options;
  if (typeof servers !== 'object' || servers === null || Array.isArray(servers))
    throw new TypeError(`Cannot ${WHERE}: servers is not an object`);
  if (pins !== undefined && typeof pins !== 'string' && !(pins instanceof URL))
    throw new TypeError(`Cannot ${WHERE}: pins is not a path`);
  const places = { minimum: 1, maximum: 10_000 };
  const maxConcurrent = wholeNumber(options.maxConcurrent, `${WHERE}: maxConcurrent`, places) ?? 10;
  return {
    builtin: options.builtin ?? false,
    dirs,
    watch: options.watch ?? false,
    servers,
    pins,
    store: registry === undefined ? createToolStore() : storeOf(registry),
    names: createNameRules({ ...defined({ safeOnly, allow, deny }) }, policy),
    confirm,
    maxConcurrent,
    maxPerTool:
      wholeNumber(options.maxConcurrentPerTool, `${WHERE}: maxConcurrentPerTool`, places) ?? maxConcurrent,
    maxPerCaller:
      wholeNumber(options.maxConcurrentPerCaller, `${WHERE}: maxConcurrentPerCaller`, places) ??
      maxConcurrent,
    maxQueued: wholeNumber(options.maxQueued, `${WHERE}: maxQueued`, { maximum: 1_000_000 }) ?? 1_000,
    rate: readRate(options.rate),
    cache: readCache(options.cache),
    text: readTextRules(options.text, `${WHERE}.text`),
    validators: createToolValidators(options.validators),
  };
}

function readRate(rate: ToolsOptions['rate']): Rate | undefined {
  if (rate === undefined) return undefined;
  if (typeof rate !== 'object' || rate === null)
    throw new TypeError(`Cannot ${WHERE}: rate is not an object`);
  refuseUnknownField(rate, { calls: true, perMs: true }, 'tools.rate');
  const calls = wholeNumber(rate.calls, `${WHERE}: rate.calls`, { minimum: 1, maximum: 10_000 });
  const perMs = wholeNumber(rate.perMs, `${WHERE}: rate.perMs`, {
    minimum: 1,
    maximum: 86_400_000,
    unit: 'ms',
  });
  if (calls === undefined || perMs === undefined)
    throw new TypeError(`Cannot ${WHERE}: rate needs calls and perMs`);
  return { calls, perMs };
}

function readCache(cache: ToolsOptions['cache']): ToolSettings['cache'] {
  if (cache !== undefined && (typeof cache !== 'object' || cache === null))
    throw new TypeError(`Cannot ${WHERE}: cache is not an object`);
  refuseUnknownField(cache ?? {}, { entries: true, ttlMs: true, store: true }, 'tools.cache');
  const store = cache?.store;
  if (store !== undefined && (typeof store?.get !== 'function' || typeof store.set !== 'function'))
    throw new TypeError(`Cannot ${WHERE}: cache.store has not both get and set`);
  return {
    entries: wholeNumber(cache?.entries, `${WHERE}: cache.entries`, { maximum: 100_000 }) ?? 1_000,
    ttlMs: wholeNumber(cache?.ttlMs, `${WHERE}: cache.ttlMs`, { maximum: 86_400_000, unit: 'ms' }) ?? 300_000,
    store,
  };
}
