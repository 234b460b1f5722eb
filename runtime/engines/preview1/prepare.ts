import type { CompiledModule, PrepareContext, PreparedGuest, WasmSource } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { guardBinary } from '../../wasm/guard.ts';
import { inspectBinary } from '../../wasm/inspect.ts';
import { instrument } from '../../wasm/instrument.ts';
import { MODULE, type ModuleData } from './module-data.ts';
import { readModule } from './read-module.ts';
import type { Recent } from './recent.ts';

/** Changes with everything that cached bytes were made by. */
const MADE_BY = 'preview1-1';
const PAGE_BYTES = 65_536;
/** Elements of all tables together; one takes some 16 bytes of the host's memory. */
const MAX_TABLE_ELEMENTS = 1_000_000;

export interface PreparedModule {
  readonly data: ModuleData;
  readonly compiled: CompiledModule;
}

/** Guard → imports and exports → memory cap and fuel → compiled once for a content and a cap. See `Engine.prepare`. */
export async function prepareModule(
  engine: string,
  source: WasmSource,
  context: PrepareContext,
  recent: Recent<Promise<PreparedModule>>,
): Promise<PreparedGuest> {
  const pages = Math.floor(context.limits.memoryBytes / PAGE_BYTES);
  const key = `${source.hash}-${pages}`;
  const known = recent.get(key);
  const preparing = known ?? build(source, pages, context);
  if (known === undefined) {
    recent.set(key, preparing);
    preparing.catch(() => recent.delete(key)); // a failure is told to whoever waits, and not kept
  }
  const { data, compiled } = await preparing;
  return {
    engine,
    data: { ...data, name: source.name },
    modules: { [MODULE]: compiled },
    wantsFolders: data.wasi.some((name) => name === 'fd_prestat_get' || name.startsWith('path_')),
  };
}

async function build(source: WasmSource, pages: number, context: PrepareContext): Promise<PreparedModule> {
  const { bytes, name } = source;
  const guarded = guardBinary(bytes, { maxTableElements: MAX_TABLE_ELEMENTS });
  if (guarded.kind !== 'module') {
    throw new SandglassError('MODULE_INVALID', `Cannot load "${name}": it is a component, not a core module`);
  }
  const data = readModule(name, inspectBinary(bytes));
  if (guarded.minimumPages > pages) {
    throw new SandglassError(
      'MEMORY_EXCEEDED',
      `Cannot start "${name}": it begins with ${guarded.minimumPages * PAGE_BYTES} bytes of memory, ${context.limits.memoryBytes} are allowed`,
      { hint: 'Raise limits.memoryBytes' },
    );
  }
  const key = `${MADE_BY}/${source.hash}-${pages}`;
  const cached = await context.cache?.get(key);
  if (cached !== undefined) {
    // What a cache holds may be damaged: then it is made again.
    const module = await context.compile(cached).catch(() => undefined);
    if (module !== undefined) return { data, compiled: { module, bytes: cached } };
  }
  const instrumented = instrument(bytes, {
    maxMemoryPages: pages,
    maxTableElements: MAX_TABLE_ELEMENTS,
    fuel: true,
  });
  const module = await compile(name, instrumented, context);
  await context.cache?.set(key, instrumented);
  return { data, compiled: { module, bytes: instrumented } };
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
