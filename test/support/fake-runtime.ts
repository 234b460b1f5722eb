import type { OutputChunk, RunOptions } from '../../runtime/contracts/api/run.ts';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import type { Outcome, RunFailure, RunSuccess } from '../../runtime/vocabulary/outcome.ts';

const USAGE: Outcome['usage'] = {
  fuel: 42,
  durationMs: 1,
  cpuMs: 1,
  memoryBytes: 65_536,
  outputBytes: 3,
  hostCalls: {},
  egressBytes: 0,
  ingressBytes: 0,
  coldStart: false,
};

const META: Outcome['meta'] = {
  runId: 'run-of-the-fake',
  engine: 'fake',
  engineVersion: '1.0.0',
  level: 'standard',
  limits: mergeLimits([]),
  queuedMs: 0,
  attempts: 1,
  cached: false,
  truncated: false,
};

export const success = (more: Partial<RunSuccess> = {}): RunSuccess => ({
  ok: true,
  value: 3,
  stdout: '',
  stderr: '',
  usage: USAGE,
  meta: META,
  ...more,
});

export const failure = (code: RunFailure['error']['code'], more: Partial<RunFailure> = {}): RunFailure => ({
  ok: false,
  error: { code, message: `Fake ${code}`, retryable: false },
  stdout: '',
  stderr: '',
  usage: USAGE,
  meta: META,
  ...more,
});

/** Output as a runtime passes it on; of bytes, only those that are whole characters show in the text. */
export function chunk(stream: OutputChunk['stream'], content: string | Uint8Array): OutputChunk {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return { stream, text: new TextDecoder().decode(bytes, { stream: true }), bytes };
}

export interface FakeRuntime extends Pick<Runtime, 'run'> {
  readonly runs: RunOptions[];
}

/** Answers each run by `answer`; a run whose signal aborts ends with CANCELLED, as the real one does. */
export function createFakeRuntime(
  answer: (options: RunOptions) => Outcome | Promise<Outcome> = () => success(),
): FakeRuntime {
  const runs: RunOptions[] = [];
  return {
    runs,
    run: async (options) => {
      runs.push(options);
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      options.signal?.addEventListener('abort', () => resolve(failure('CANCELLED')), { once: true });
      const outcome = await Promise.race([promise, answer(options)]);
      const { runId } = options;
      return runId === undefined ? outcome : { ...outcome, meta: { ...outcome.meta, runId } };
    },
  };
}

/** An answer that never comes by itself. */
export const never = (): Promise<Outcome> => new Promise(() => undefined);
