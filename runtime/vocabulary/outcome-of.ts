import type { CalledTool } from './called-tools.ts';
import { defined } from './defined.ts';
import type { SandglassError } from './errors.ts';
import type { GuestValue } from './guest-value.ts';
import type { IsolationLevel } from './levels.ts';
import type { Limits } from './limits.ts';
import type { Outcome } from './outcome.ts';
import { outcomeToJson } from './outcome-json.ts';
import type { Usage } from './usage.ts';

/** How a run ended, before it becomes an outcome. */
export type Verdict =
  | {
      readonly ok: true;
      readonly value: GuestValue;
      readonly valueBytes: number;
      readonly valueForm?: 'text';
      readonly exitCode?: number;
    }
  | {
      readonly ok: false;
      readonly error: SandglassError;
      readonly exitCode?: number;
      /** What the error tells that was not printed: output, too. @default 0 */
      readonly errorBytes?: number;
    };

/** What is told of a run beside its verdict. */
export interface RunFacts {
  readonly runId: string;
  readonly level: IsolationLevel;
  /** The limits that held. */
  readonly limits: Limits;
  /** `undefined` when the run ended before one was chosen. */
  readonly engine?: { readonly name: string; readonly version: string } | undefined;
  readonly queuedMs: number;
  /** 0 for a run that never began. */
  readonly attempts: number;
  readonly stdout: string;
  readonly stderr: string;
  /** `outputBytes` without the value's. */
  readonly usage: Usage;
  /** What the run collected; `undefined` when it was not told to collect anything. */
  readonly files?: Readonly<Record<string, Uint8Array>> | undefined;
  readonly session?: string | undefined;
  readonly sessionEnded?: boolean;
  readonly calls?: readonly CalledTool[];
  readonly callsLeftOut?: number;
}

/** The usage of a run that never began. */
export const NOTHING_USED: Usage = Object.freeze({
  fuel: null,
  durationMs: 0,
  cpuMs: null,
  memoryBytes: 0,
  outputBytes: 0,
  hostCalls: Object.freeze({}),
  egressBytes: 0,
  ingressBytes: 0,
  coldStart: false,
});

/** The outcome of a run, however it ended. */
export function outcomeOf(verdict: Verdict, facts: RunFacts): Outcome {
  const { runId, level, limits, engine, queuedMs, attempts, stdout, stderr, usage, session } = facts;
  const base = {
    stdout,
    stderr,
    ...defined({ exitCode: verdict.exitCode, files: facts.files }),
    usage: {
      ...usage,
      outputBytes: usage.outputBytes + (verdict.ok ? verdict.valueBytes : (verdict.errorBytes ?? 0)),
    },
    meta: {
      runId,
      engine: engine?.name ?? null,
      engineVersion: engine?.version ?? null,
      level,
      limits,
      queuedMs,
      attempts,
      cached: false,
      truncated: !verdict.ok && verdict.error.code === 'OUTPUT_EXCEEDED',
      ...(verdict.ok && verdict.valueForm !== undefined ? { valueForm: verdict.valueForm } : {}),
      ...defined({ calls: facts.calls, callsLeftOut: facts.callsLeftOut, session }),
      ...(facts.sessionEnded === true ? { sessionEnded: true as const } : {}),
    },
  };
  return printable(
    verdict.ok
      ? { ok: true, value: verdict.value, ...base }
      : { ok: false, error: verdict.error.toJSON(), ...base },
  );
}

/** Makes `JSON.stringify` and `String` of an outcome say what it holds, bigints and bytes too. Neither shows among its fields. */
function printable(outcome: Outcome): Outcome {
  hide(outcome, 'toJSON', () => outcomeToJson(outcome));
  if (!outcome.ok) {
    const { code, message } = outcome.error;
    hide(outcome.error, 'toString', () => `${code}: ${message}`);
  }
  return outcome;
}

const hide = (object: object, name: string, value: () => unknown): void =>
  void Object.defineProperty(object, name, { value, configurable: true, writable: true });
