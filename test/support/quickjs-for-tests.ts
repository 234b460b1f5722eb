import { readFile } from 'node:fs/promises';
import type {
  CompiledModule,
  Engine,
  GuestResult,
  RunSpec,
  ScriptSource,
} from '../../runtime/contracts/engine.ts';
import { createQuickjsEngine } from '../../runtime/engines/quickjs/engine.ts';
import type { MachineHost } from '../../runtime/engines/quickjs/machine-host.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { type Limits, mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { OUTPUT, writeQuickjs } from '../../scripts/build-quickjs.ts';
import { prepareGuest, script } from './engine-guests.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from './fake-host.ts';

let compiled: Promise<CompiledModule> | undefined;

/** The built engine; builds it first where there is none. */
export function loadQuickjs(): Promise<CompiledModule> {
  compiled ??= (async () => {
    await writeQuickjs();
    const bytes = new Uint8Array(await readFile(OUTPUT));
    return { bytes, module: await WebAssembly.compile(bytes) };
  })();
  return compiled;
}

export const quickjsEngine = (): Engine => createQuickjsEngine({ loadModule: loadQuickjs });

export interface GuestRunOptions {
  readonly source?: Partial<Omit<ScriptSource, 'kind' | 'code'>>;
  readonly host?: FakeHostOptions;
  readonly limits?: Partial<Limits>;
  readonly spec?: Partial<RunSpec>;
}

export interface GuestRunResult {
  readonly result: GuestResult;
  readonly host: FakeHost;
  readonly stdout: string;
  readonly stderr: string;
  /** The value of a run that must have ended well. */
  readonly value: unknown;
}

/** Runs one text and gives all that came of it. */
export async function runJs(code: string, options: GuestRunOptions = {}): Promise<GuestRunResult> {
  const engine = quickjsEngine();
  const limits = mergeLimits([options.limits ?? {}], { memoryBytes: engine.memoryBytes });
  const {
    language = 'javascript',
    filename = language === 'typescript' ? 'main.ts' : 'main.js',
    ...rest
  } = options.source ?? {};
  const guest = await prepareGuest(engine, script(language, code, { filename, ...rest }), limits);
  const host = createFakeHost({ outputBytes: limits.outputBytes, ...options.host });
  const deterministic = options.host?.deterministic;
  const result = await engine.execute(
    guest,
    runSpec({ limits, ...defined({ deterministic }), ...options.spec }),
    host,
  );
  return {
    result,
    host,
    stdout: host.stdout(),
    stderr: host.stderr(),
    get value() {
      if (result.kind !== 'value') throw new Error(`The run ended otherwise: ${JSON.stringify(result)}`);
      return result.value;
    },
  };
}

/** Of a machine whose guest asks for nothing. */
export const SILENT_HOST: MachineHost = {
  callHost: () => 0,
  onRejection: () => undefined,
  normalizeModule: (_base, name) => name,
  loadModule: () => ({ failure: 'none' }),
  errorFor: () => 0,
  onThrashing: () => undefined,
  zoneOffset: () => 0,
  shouldStop: () => false,
  now: () => 0,
};
