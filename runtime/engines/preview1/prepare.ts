import type { CompiledModule, PrepareContext, PreparedGuest } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Recent } from '../../vocabulary/recent.ts';
import { capMemories } from '../../wasm/cap-memories.ts';
import { FUEL_SCHEDULE } from '../../wasm/fuel-schedule.ts';
import { INSTRUMENT_VERSION } from '../../wasm/instrument.ts';
import { checkForeign } from './check-foreign.ts';
import { type Instrumented, type InstrumentInput, job, unpack } from './instrument-job.ts';
import { MODULE, type ModuleData } from './module-data.ts';
import { checkRunOptions } from './run-options.ts';

/** Changes with everything that cached bytes were made by. */
const MADE_BY = `preview1-23/fuel-${FUEL_SCHEDULE.version}.${INSTRUMENT_VERSION}`;
const PAGE_BYTES = 65_536;
/** Up to here a module is looked at in this thread: some milliseconds. A worker costs more. */
const SMALL_BYTES = 128 * 1024;
const JOB = { timeoutMs: 60_000, memoryMb: 1_024 };

export interface PreparedModule {
  readonly data: ModuleData;
  readonly compiled: CompiledModule;
}

/** A module by its content: the bytes are asked for only where nothing that was made of them is kept. */
export interface ModuleSource {
  readonly hash: string;
  readonly name: string;
  readonly bytes: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** What is kept between runs. */
export interface ModuleCaches {
  /** By content: instrumented once, whatever the caps of its runs. */
  readonly instrumented: Recent<Promise<Instrumented>>;
  /** By content and cap. */
  readonly compiled: Recent<Promise<PreparedModule>>;
  /** URL of the module that exports `job`. */
  readonly jobUrl: string;
}

/** Guard → imports and exports → fuel, once for a content; memory cap → compiled, once for a content and a cap. See `Engine.prepare`. */
export async function prepareModule(
  engine: string,
  source: ModuleSource,
  context: PrepareContext,
  caches: ModuleCaches,
): Promise<PreparedGuest> {
  const pages = Math.floor(context.limits.memoryBytes / PAGE_BYTES);
  const { data, compiled } = await remember(
    caches.compiled,
    `${source.hash}-${pages}`,
    () => build(source, pages, context, caches),
    ({ compiled: { bytes } }) => bytes.byteLength,
  );
  const options = checkRunOptions(context.options ?? {});
  if (!options.ok) throw new SandglassError('INPUT_INVALID', options.message);
  checkForeign(source.name, data.foreign, options.options);
  return {
    engine,
    data: { ...data, name: source.name },
    modules: { [MODULE]: compiled },
    wantsFolders: data.wasi.some((name) => name === 'fd_prestat_get' || name.startsWith('path_')),
  };
}

/** Makes a value once for all who ask while it is kept. A failure is told to whoever waits, and not kept. */
function remember<Value>(
  cache: Recent<Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
  weigh: (value: Value) => number,
): Promise<Value> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const making = make();
  cache.set(key, making);
  making.then(
    (value) => cache.weigh(key, making, weigh(value)),
    () => cache.delete(key),
  );
  return making;
}

async function build(
  source: ModuleSource,
  pages: number,
  context: PrepareContext,
  caches: ModuleCaches,
): Promise<PreparedModule> {
  const { data, minimumPages, collected, bytes } = await remember(
    caches.instrumented,
    source.hash,
    () => instrumentOnce(source, context, caches.jobUrl),
    (made) => made.bytes.byteLength,
  );
  const most = collected ? Math.floor(pages / 2) : pages;
  if (minimumPages > most) {
    const allowed = collected ? most * PAGE_BYTES : context.limits.memoryBytes;
    throw new SandglassError(
      'MEMORY_EXCEEDED',
      `Cannot start "${source.name}": it begins with ${minimumPages * PAGE_BYTES} bytes of memory, ${allowed} are allowed`,
      { hint: 'Raise limits.memoryBytes' },
    );
  }
  const capped = await capMemories(bytes, most);
  return { data, compiled: { module: await compile(source.name, capped, context), bytes: capped } };
}

/** From the cache of derived bytes, or anew; kept there for all caps alike. */
async function instrumentOnce(
  { bytes: load, hash, name }: ModuleSource,
  context: PrepareContext,
  jobUrl: string,
): Promise<Instrumented> {
  const key = `${MADE_BY}/${hash}`;
  const cached = await context.cache?.get(key);
  const known = cached === undefined ? undefined : unpack(cached);
  if (known !== undefined) return known;
  const bytes = await load();
  const input: InstrumentInput = { bytes, name };
  const made =
    context.job === undefined || bytes.byteLength <= SMALL_BYTES
      ? job(input)
      : ((await context.job(jobUrl, input, JOB)) as Instrumented); // our own job module's answer
  await context.cache?.set(key, made.packed);
  return made;
}

async function compile(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  context: PrepareContext,
): Promise<WebAssembly.Module> {
  try {
    return await context.compile(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : 'unknown';
    throw new SandglassError('MODULE_INVALID', `Cannot compile "${name}": ${reason}`, { cause });
  }
}
