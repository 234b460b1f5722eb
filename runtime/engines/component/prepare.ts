import type { CompiledModule, PrepareContext, PreparedGuest, WasmSource } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { beforePass } from '../../vocabulary/in-slices.ts';
import { capMemories } from '../../wasm/cap-memories.ts';
import { FUEL_SCHEDULE } from '../../wasm/fuel-schedule.ts';
import { INSTRUMENT_VERSION } from '../../wasm/instrument.ts';
import { readToolManifest } from '../../wasm/tool-manifest.ts';
import { type ComponentData, type ExportedFunction, type WaitMode, wantsFolders } from './component-data.ts';
import { type DescribeInput, type Description, job as describeJob } from './describe-job.ts';
import { commandInterface, isTool } from './exports.ts';
import { job, type Transpiled, type TranspileInput } from './glue/transpile-job.ts';
import { type LinkedParts, type LinkInput, job as linkJob } from './linking/link-job.ts';
import type { LinkPlan } from './linking/link-plan.ts';
import { memoryPlan } from './memory-plan.ts';
import { pack, unpack } from './pack.ts';

/** Changes with everything that a cached result was made by: the generator, the glue's hardening and the caps (our own number), the fuel. */
const MADE_BY = `component-25/jco-transpile-0.15.0/fuel-${FUEL_SCHEDULE.version}.${INSTRUMENT_VERSION}`;

export interface PrepareOptions {
  readonly mode: 'auto' | WaitMode;
  readonly transpileTimeoutMs: number;
  readonly transpileMemoryMb: number;
  /** URLs of the modules that export `job`. */
  readonly jobUrl: string;
  readonly linkUrl: string;
  readonly describeUrl: string;
  /** For whoever ships the glue: it is made of every component. */
  readonly glueOnly: boolean;
}

/** Guard → types and interfaces → glue and core modules → caps and fuel → compiled. See `Engine.prepare`. */
export async function prepareComponent(
  source: WasmSource,
  context: PrepareContext,
  options: PrepareOptions,
): Promise<PreparedGuest> {
  const { bytes, hash } = source;
  const { imports, exports, waiting, minimumPages } = await describe(source, context, options);
  const maxMemoryPages = memoryPlan(minimumPages, context.limits.memoryBytes);
  const mode = chooseMode(options.mode, waiting.length > 0 || context.sharesThread === true);
  const form = options.glueOnly ? `glue-${mode}` : mode;
  const parts = await partsOf(`${MADE_BY}/${form}/${hash}`, maxMemoryPages, context, async () => {
    const linked = options.glueOnly ? undefined : await link(bytes, context, options);
    return linked ?? transpile({ bytes, mode, imports, ...waits(mode, waiting, exports) }, context, options);
  });
  const glue = textOf(parts, GLUE_PART);
  const plan = textOf(parts, PLAN_PART);
  const cores = [...parts].filter(([name]) => !TEXT_PARTS.has(name));
  const compiled: [string, CompiledModule][] = [];
  for (const [name, core] of cores) {
    await beforePass(core);
    compiled.push([name, { module: await compile(core, context), bytes: core }]);
  }
  const command = commandInterface(exports);
  const data: ComponentData = {
    hash,
    mode,
    ...(plan === '' ? {} : { links: { plan: JSON.parse(plan) as LinkPlan, waiting } }), // of our own job
    glue,
    imports,
    exports,
    ...defined({ command }),
    tool: isTool(exports),
  };
  return {
    engine: 'component',
    lasting: true,
    data,
    modules: Object.fromEntries(compiled),
    wantsFolders: wantsFolders(data),
    ...(data.tool ? { tool: { manifest: readToolManifest(bytes) } } : {}),
  };
}

/** Up to here a component is looked at in this thread: some milliseconds. A worker costs more. */
const SMALL_BYTES = 128 * 1024;

async function describe(
  { bytes, hash, name }: WasmSource,
  context: PrepareContext,
  { describeUrl, transpileTimeoutMs, transpileMemoryMb }: PrepareOptions,
): Promise<Description> {
  const input: DescribeInput = { bytes, name };
  if (context.job === undefined || bytes.byteLength <= SMALL_BYTES) return describeJob(input);
  const key = `${MADE_BY}/description/${hash}`;
  const known = readDescription(await context.cache?.get(key));
  if (known !== undefined) return known;
  const limits = { timeoutMs: transpileTimeoutMs, memoryMb: transpileMemoryMb };
  const made = (await context.job(describeUrl, input, limits)) as Description; // our own job module's answer
  await context.cache?.set(key, new TextEncoder().encode(JSON.stringify(made)));
  return made;
}

/** `undefined` for bytes that `describe` did not write: then they are made again. */
function readDescription(cached: Uint8Array | undefined): Description | undefined {
  if (cached === undefined) return undefined;
  try {
    const read: Partial<Description> = JSON.parse(new TextDecoder().decode(cached));
    const lists = [read.imports, read.exports, read.waiting, read.minimumPages];
    return lists.every(Array.isArray) ? (read as Description) : undefined;
  } catch {
    return undefined; // damaged
  }
}

const GLUE_PART = 'glue.js';
const PLAN_PART = 'links.json';
const TEXT_PARTS: ReadonlySet<string> = new Set([GLUE_PART, PLAN_PART]);

/** The glue or the plan, and the core modules by file name. */
type Parts = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

function chooseMode(asked: 'auto' | WaitMode, suspends: boolean): WaitMode {
  if (asked !== 'auto') return asked;
  // A component that neither waits nor shares its thread needs no suspending, which costs it on every call.
  return suspends && 'Suspending' in WebAssembly ? 'jspi' : 'sync';
}

/** Functions of resources answer at once, and what they call cannot wait: the generator writes no others that are JavaScript. */
const waits = (mode: WaitMode, asyncImports: readonly string[], exports: readonly ExportedFunction[]) =>
  mode === 'jspi'
    ? {
        asyncImports,
        asyncExports: exports
          .filter((exported) => !exported.function.startsWith('['))
          .map(({ name }) => name),
      }
    : { asyncImports: [], asyncExports: [] };

const textOf = (parts: Parts, name: string): string => new TextDecoder().decode(parts.get(name));

/** `undefined` for what needs glue. */
async function link(
  bytes: Uint8Array,
  context: PrepareContext,
  { linkUrl, transpileTimeoutMs, transpileMemoryMb }: PrepareOptions,
): Promise<Parts | undefined> {
  const input: LinkInput = { bytes };
  const limits = { timeoutMs: transpileTimeoutMs, memoryMb: transpileMemoryMb };
  const linked =
    context.job === undefined
      ? linkJob(input)
      : ((await context.job(linkUrl, input, limits)) as LinkedParts | undefined); // our own job module's answer
  if (linked === undefined) return undefined;
  return new Map([[PLAN_PART, new TextEncoder().encode(JSON.stringify(linked.plan))], ...linked.cores]);
}

async function transpile(
  input: TranspileInput,
  context: PrepareContext,
  options: PrepareOptions,
): Promise<Parts> {
  const { glue, cores, imports } = await runJob(input, context, options);
  const unchecked = imports.find((name) => !input.imports.includes(name));
  if (unchecked !== undefined) {
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load the component: its import "${unchecked}" was not declared`,
    );
  }
  return new Map([[GLUE_PART, new TextEncoder().encode(glue)], ...cores]);
}

async function runJob(
  input: TranspileInput,
  context: PrepareContext,
  options: PrepareOptions,
): Promise<Transpiled> {
  if (context.job === undefined) {
    try {
      return await job(input);
    } catch (cause) {
      if (cause instanceof SandglassError) throw cause;
      const reason =
        cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '').slice(0, 200) : 'unknown';
      throw new SandglassError('MODULE_INVALID', `Cannot load the component: ${reason}`, { cause });
    }
  }
  const answer = await context.job(options.jobUrl, input, {
    timeoutMs: options.transpileTimeoutMs,
    memoryMb: options.transpileMemoryMb,
  });
  return answer as Transpiled; // our own job module's answer, from a worker that runs nothing else
}

/** Glue and capped core modules. The cache holds them once for all caps. */
async function partsOf(
  key: string,
  maxMemoryPages: number,
  context: PrepareContext,
  transpiled: () => Promise<Parts>,
): Promise<Parts> {
  const parts = await remembered(context, key, transpiled);
  const capped = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, bytes] of parts) {
    capped.set(name, TEXT_PARTS.has(name) ? bytes : await capMemories(bytes, maxMemoryPages));
  }
  return capped;
}

async function remembered(context: PrepareContext, key: string, make: () => Promise<Parts>): Promise<Parts> {
  const packed = await context.cache?.get(key);
  const known = packed === undefined ? undefined : unpack(packed);
  if (known !== undefined) return known;
  const parts = await make();
  await context.cache?.set(key, pack(parts));
  return parts;
}

async function compile(bytes: Uint8Array<ArrayBuffer>, context: PrepareContext): Promise<WebAssembly.Module> {
  try {
    return await context.compile(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 200) : 'unknown';
    throw new SandglassError('MODULE_INVALID', `Cannot compile the component: ${reason}`, { cause });
  }
}
