import type { LooseRunOptions, RunOptions } from '../contracts/api/run.ts';
import type { PrebuiltComponent } from '../contracts/engine.ts';
import { type Caller, type RunIdentity, readCaller } from '../vocabulary/caller.ts';
import { type CheckedGrant, checkGrant, type PartReader } from '../vocabulary/check-grant.ts';
import { copyJson, copyJsonSlices } from '../vocabulary/copy-json.ts';
import { type GuestFile, readCollect, readFiles } from '../vocabulary/guest-file.ts';
import type { GuestValue } from '../vocabulary/guest-value.ts';
import { atOnce, inSlices, others, SLICE } from '../vocabulary/in-slices.ts';
import { isJsonObject, type JsonObject } from '../vocabulary/json.ts';
import { languageName } from '../vocabulary/languages.ts';
import type { IsolationLevel } from '../vocabulary/levels.ts';
import { checkLimits, LIMIT_NAMES, type Limits } from '../vocabulary/limits.ts';
import {
  checkSignal,
  jsonObject,
  MAX_INPUT_BYTES,
  readLevel,
  readName,
  refuseUnknown,
} from '../vocabulary/read-options.ts';
import { holdsMore } from '../vocabulary/size-of-json.ts';
import { readTraceparent } from '../vocabulary/traceparent.ts';
import { copyArgsSlices } from './copy-args.ts';
import type { KnownModules, TakenModule } from './known-modules.ts';

/** A run after its options were checked and copied: the core trusts it. */
export interface RunRequest {
  readonly source:
    | {
        readonly kind: 'script';
        readonly language: string;
        readonly code: string;
        readonly form: 'auto' | 'script' | 'module';
      }
    | ({ readonly kind: 'wasm' } & TakenModule)
    /** Read once the run begins. */
    | { readonly kind: 'file'; readonly path: string | URL }
    | { readonly kind: 'prebuilt'; readonly component: PrebuiltComponent };
  readonly filename: string | undefined;
  readonly modules: Readonly<Record<string, string>>;
  readonly engine: string | undefined;
  readonly invoke: string | undefined;
  readonly args: readonly GuestValue[];
  /** Arguments of many parts, which are checked and copied once the run begins. */
  readonly manyArgs: readonly unknown[] | undefined;
  readonly argv: readonly string[];
  readonly stdin: Uint8Array;
  readonly inputs: JsonObject;
  /** Many inputs, which are checked and copied once the run begins. */
  readonly manyInputs: unknown;
  /** What lies in the scratch folder when the guest begins. */
  readonly files: readonly GuestFile[];
  /** Patterns of what is taken out of it in the end. */
  readonly collect: readonly string[];
  readonly cwd: string | undefined;
  readonly grant: CheckedGrant;
  /** The caller named a grant, if only an empty one. */
  readonly grantGiven: boolean;
  readonly observe: boolean;
  readonly trace: boolean;
  readonly limits: Partial<Limits>;
  readonly level: IsolationLevel | undefined;
  readonly deterministic: { readonly seed: number; readonly now: number } | undefined;
  readonly options: JsonObject;
  readonly runId: string | undefined;
  readonly caller: Caller | undefined;
  /** What the caller named as the outer run; whether it is one, the runtime knows. */
  readonly parent: RunIdentity | undefined;
  readonly traceparent: string | undefined;
  readonly session: string | undefined;
}

const KNOWN: Readonly<Record<keyof LooseRunOptions, true>> = {
  language: true,
  code: true,
  module: true,
  filename: true,
  modules: true,
  form: true,
  invoke: true,
  args: true,
  argv: true,
  stdin: true,
  inputs: true,
  files: true,
  collect: true,
  packages: true,
  cwd: true,
  session: true,
  grant: true,
  limits: true,
  level: true,
  engine: true,
  deterministic: true,
  observe: true,
  trace: true,
  options: true,
  signal: true,
  runId: true,
  caller: true,
  parent: true,
  traceparent: true,
  onOutput: true,
};

/** Limits and parts of a grant that were given beside `limits` and `grant`. */
function refuseElsewhere(name: string): void {
  const isLimit = LIMIT_NAMES.some((limit) => limit === name);
  if (isLimit || name === 'timeout')
    throw new TypeError(
      `Cannot run: ${name} is a limit; write limits: { ${isLimit ? name : 'timeoutMs'}: … }`,
    );
  if (GRANT_PARTS.has(name))
    throw new TypeError(`Cannot run: ${name} is a part of a grant; write grant: { ${name}: … }`);
}

const GRANT_PARTS: ReadonlySet<string> = new Set(['fs', 'http', 'ws', 'env']);

/** Each is a text to be checked, copied and looked through before the guest starts. */
const MOST_MODULES = 5_000;
/** Characters of all arguments together: a guest is given them in one step. */
const MOST_ARGV = 1_048_576;

/**
 * Checks what a caller passed to `run`.
 * @param languageOf The language of an open session, for a run in it that names none.
 * @throws {TypeError | RangeError} naming the option, the reason and the value.
 */
export function readRunOptions(
  typed: RunOptions,
  hostFunctions: ReadonlyMap<string, PartReader>,
  modules: KnownModules,
  languageOf: (session: string) => string | undefined = () => undefined,
): RunRequest {
  const options: LooseRunOptions = typed; // which fields go together is checked below, for callers without types
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw new TypeError('Cannot run: expected an object of options');
  for (const name of Object.keys(given)) refuseElsewhere(name);
  refuseUnknown(given, KNOWN, 'run');
  const { code, module } = options;
  const session = readName(options.session, 'session', 'run');
  // A session that is not open has no language; a run in it is refused before its language matters.
  const language =
    (typeof options.language === 'string' ? languageName(options.language) : options.language) ??
    (session === undefined || module !== undefined ? undefined : (languageOf(session) ?? ''));
  text(options.filename, 'filename');
  text(options.invoke, 'invoke');
  text(options.engine, 'engine');
  text(options.cwd, 'cwd');
  if (options.cwd !== undefined && !options.cwd.startsWith('/')) {
    throw new TypeError(`Cannot run: cwd ${JSON.stringify(options.cwd)} is not an absolute guest path`);
  }
  if (options.invoke !== undefined && module === undefined) {
    throw new TypeError('Cannot run: invoke calls an export of a module, and there is no module');
  }
  if (options.args !== undefined && options.invoke === undefined) {
    throw new TypeError('Cannot run: args are for invoke; a program takes argv');
  }
  checkSignal(options.signal, 'run');
  if (options.onOutput !== undefined && typeof options.onOutput !== 'function') {
    throw new TypeError('Cannot run: onOutput is not a function');
  }
  return {
    source: readSource(language, code, module, options.form, modules),
    filename: options.filename,
    modules: readModules(options.modules),
    engine: options.engine,
    invoke: options.invoke,
    ...readArgs(options.args),
    argv: readArgv(options.argv),
    stdin: readStdin(options.stdin),
    ...(hasMany(options.inputs)
      ? { inputs: {}, manyInputs: options.inputs }
      : { inputs: jsonObject(options.inputs, 'inputs', 'run'), manyInputs: undefined }),
    files: readFiles(options.files),
    collect: readCollect(options.collect),
    cwd: options.cwd,
    grant: checkGrant(options.grant, hostFunctions),
    grantGiven: options.grant !== undefined,
    observe: readFlag(options.observe, 'observe'),
    trace: readFlag(options.trace, 'trace'),
    limits: checkLimits(options.limits),
    level: readLevel(options.level, 'run'),
    deterministic: readDeterministic(options.deterministic),
    options: withPackages(jsonObject(options.options, 'options', 'run'), options.packages, language),
    runId: readName(options.runId, 'runId', 'run'),
    caller: readCaller(options.caller, 'run'),
    parent: options.parent,
    traceparent: readTraceparent(options.traceparent, 'run'),
    session,
  };
}

const hasMany = (inputs: unknown): boolean => isFields(inputs) && holdsMore(inputs, SLICE);
const isFields = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The request with all its inputs and arguments: many are copied with turns for others between.
 * @throws {TypeError | RangeError} as `readRunOptions`.
 */
export async function withInputs(request: RunRequest): Promise<RunRequest> {
  const { manyArgs } = request;
  if (manyArgs === undefined) return withManyInputs(request);
  const args = await inSlices(copyArgsSlices(manyArgs));
  return withManyInputs({ ...request, args, manyArgs: undefined });
}

async function withManyInputs(request: RunRequest): Promise<RunRequest> {
  const { manyInputs } = request;
  if (manyInputs === undefined) return request;
  const caps = { maxBytes: MAX_INPUT_BYTES };
  await others(); // an object of many fields was just listed, and is listed again
  const copied = await inSlices(copyJsonSlices(manyInputs, 'inputs', caps));
  if (!isJsonObject(copied)) throw new TypeError('Cannot run: inputs is not an object');
  return { ...request, inputs: copied, manyInputs: undefined };
}

/** To the engine packages are an option like others; only one engine knows it. */
function withPackages(
  engineOptions: JsonObject,
  packages: LooseRunOptions['packages'],
  language: unknown,
): JsonObject {
  if (packages === undefined) return engineOptions;
  if (language !== 'python') throw new TypeError('Cannot run: packages are for Python');
  if (!Array.isArray(packages) || packages.some((name) => typeof name !== 'string'))
    throw new TypeError('Cannot run: packages is not a list of names');
  if (Object.hasOwn(engineOptions, 'packages'))
    throw new TypeError('Cannot run: packages are given twice, as an option of their own and among options');
  return { ...engineOptions, packages: [...packages] };
}

function readSource(
  language: unknown,
  code: unknown,
  module: LooseRunOptions['module'],
  form: unknown,
  modules: KnownModules,
): RunRequest['source'] {
  if (module !== undefined) {
    if (code !== undefined || language !== undefined) {
      throw new TypeError('Cannot run: give either module, or language and code, not both');
    }
    if (module instanceof Uint8Array) return { kind: 'wasm', ...modules.take(module) };
    if (typeof module === 'string' && module !== '') return { kind: 'file', path: module };
    if (module instanceof URL && module.protocol === 'file:') return { kind: 'file', path: module };
    if (module instanceof URL) throw new TypeError(`Cannot run: module ${module.href} is not a file URL`);
    if (typeof module === 'object' && module !== null && typeof module.instantiate === 'function') {
      return { kind: 'prebuilt', component: module };
    }
    throw new TypeError(
      'Cannot run: module is neither bytes (Uint8Array), nor the path or file URL of a .wasm, nor a prebuilt component',
    );
  }
  if (typeof language !== 'string' || typeof code !== 'string') {
    throw new TypeError('Cannot run: expected language and code as strings, or module');
  }
  if (code.length > MAX_INPUT_BYTES)
    throw new RangeError(`Cannot run: code is over ${MAX_INPUT_BYTES} characters`);
  if (form !== undefined && form !== 'auto' && form !== 'script' && form !== 'module') {
    throw new TypeError(`Cannot run: form ${JSON.stringify(form)} is not one of auto, script, module`);
  }
  return { kind: 'script', language, code, form: form ?? 'auto' };
}

function readModules(modules: unknown): Readonly<Record<string, string>> {
  if (typeof modules === 'object' && modules !== null && Object.keys(modules).length > MOST_MODULES)
    throw new RangeError(`Cannot run: modules has over ${MOST_MODULES} entries`);
  const copied = jsonObject(modules, 'modules', 'run');
  for (const [name, source] of Object.entries(copied)) {
    if (typeof source !== 'string')
      throw new TypeError(`Cannot run: modules[${JSON.stringify(name)}] is not source text`);
  }
  return copied as Readonly<Record<string, string>>; // each value was just checked
}

function readArgs(args: unknown): Pick<RunRequest, 'args' | 'manyArgs'> {
  if (args === undefined) return { args: [], manyArgs: undefined };
  if (!Array.isArray(args)) throw new TypeError('Cannot run: args is not an array');
  if (holdsMore(args, SLICE)) return { args: [], manyArgs: args };
  return { args: atOnce(copyArgsSlices(args)), manyArgs: undefined };
}

function readArgv(argv: unknown): readonly string[] {
  if (argv === undefined) return [];
  if (!Array.isArray(argv) || !argv.every((item) => typeof item === 'string' && !item.includes('\0'))) {
    throw new TypeError('Cannot run: argv is not an array of strings without NUL');
  }
  if (argv.reduce((sum, { length }) => sum + length, 0) > MOST_ARGV)
    throw new RangeError(`Cannot run: argv is over ${MOST_ARGV} characters`);
  return [...argv];
}

function readStdin(stdin: unknown): Uint8Array {
  if (stdin === undefined) return new Uint8Array();
  const bytes =
    stdin instanceof Uint8Array
      ? stdin.slice()
      : new TextEncoder().encode(
          typeof stdin === 'string'
            ? stdin
            : `${JSON.stringify(copyJson(stdin, 'stdin', { maxBytes: MAX_INPUT_BYTES }))}\n`,
        );
  if (bytes.byteLength > MAX_INPUT_BYTES)
    throw new RangeError(`Cannot run: stdin is over ${MAX_INPUT_BYTES} bytes`);
  return bytes;
}

function readFlag(value: unknown, name: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new TypeError(`Cannot run: ${name} is neither true nor false`);
}

function readDeterministic(value: unknown): RunRequest['deterministic'] {
  if (value === undefined) return undefined;
  const { seed, now } = jsonObject(value, 'deterministic', 'run');
  if (
    typeof seed !== 'number' ||
    !Number.isSafeInteger(seed) ||
    typeof now !== 'number' ||
    !Number.isFinite(now)
  ) {
    throw new TypeError(
      'Cannot run: deterministic needs a whole seed and now in milliseconds since the epoch',
    );
  }
  return { seed, now };
}

function text(value: unknown, name: string): void {
  if (value !== undefined && (typeof value !== 'string' || value.includes('\0'))) {
    throw new TypeError(`Cannot run: ${name} is not a string without NUL`);
  }
}
