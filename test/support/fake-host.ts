import type { GuestHost, HostAnswer, RunSpec, StopReason } from '../../runtime/contracts/engine.ts';
import type { HostReply } from '../../runtime/contracts/host-function.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';

export interface FakeHostOptions {
  /** Operation → what the gate would answer; a thrown SandglassError becomes a refusal. */
  readonly operations?: Readonly<Record<string, (args: JsonObject, bytes?: Uint8Array) => HostReply>>;
  readonly canBlock?: boolean;
  readonly stackBytes?: number;
  readonly outputBytes?: number;
  readonly stopReason?: () => StopReason | undefined;
  readonly deterministic?: { readonly seed: number; readonly now: number };
}

export interface FakeHost extends GuestHost {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly calls: { operation: string; args: JsonValue }[];
  readonly memoryBytes: () => number;
}

/** A cell without a gate, for the tests of one engine. */
export function createFakeHost(options: FakeHostOptions = {}): FakeHost {
  const chunks: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  const calls: { operation: string; args: JsonValue }[] = [];
  let room = options.outputBytes ?? 1024 * 1024;
  let refusals = 0;
  let spent = false;
  let readMemory = (): number => 0;
  const text = (stream: 'stdout' | 'stderr'): string => Buffer.concat(chunks[stream]).toString('utf8');
  const callSync = (operation: string, args: JsonObject, bytes?: Uint8Array): HostAnswer => {
    calls.push({ operation, args });
    try {
      const serve = options.operations?.[operation];
      if (serve === undefined) {
        throw new SandglassError('CAPABILITY_DENIED', `Cannot call ${operation}: no grant covers it`);
      }
      const reply = serve(args, bytes);
      return {
        ok: true,
        value: reply.value ?? null,
        ...defined({ bytes: reply.bytes }),
      };
    } catch (error) {
      if (!(error instanceof SandglassError)) throw error;
      refusals += 1;
      const { code, message, hint, details } = error;
      return {
        ok: false,
        refusal: {
          id: refusals,
          code,
          message,
          ...defined({ hint, details }),
        },
      };
    }
  };
  return {
    canBlock: options.canBlock ?? true,
    stackBytes: options.stackBytes ?? 512 * 1024,
    calls,
    stdout: () => text('stdout'),
    stderr: () => text('stderr'),
    memoryBytes: () => readMemory(),
    call: async (operation, args, bytes) => callSync(operation, args, bytes),
    callSync,
    write: (stream, bytes) => {
      const fits = bytes.slice(0, Math.max(0, room));
      room -= bytes.byteLength;
      chunks[stream].push(fits);
      spent ||= room < 0;
      return !spent;
    },
    stopReason: () => (spent ? 'output' : options.stopReason?.()),
    now: () => options.deterministic?.now ?? Date.now(),
    // Where the real one of a deterministic run stands, too.
    monotonic: () => (options.deterministic === undefined ? performance.now() : 1),
    random: (bytes) => {
      if (options.deterministic === undefined)
        bytes.set(crypto.getRandomValues(new Uint8Array(bytes.length)));
      else bytes.fill(options.deterministic.seed & 0xff);
    },
    sleep: (ms, until) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        const end = (): void => {
          clearTimeout(timer);
          resolve();
        };
        void until?.then(end, end);
      }),
    rest: (until) => until,
    sleepSync: (ms) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    },
    trackMemory: (read) => {
      readMemory = read;
    },
  };
}

/** A run with defaults for all that a test does not care about. */
export function runSpec(overrides: Partial<RunSpec> = {}): RunSpec {
  return {
    runId: 'run-test',
    argv: [],
    env: {},
    cwd: '/',
    stdin: new Uint8Array(),
    inputs: {},
    args: [],
    limits: mergeLimits([]),
    mounts: [],
    granted: [],
    options: {},
    ...overrides,
  };
}
