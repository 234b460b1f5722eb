import type { StageTrace } from '../contracts/api/tool-call.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { ToolCall } from './tool-call.ts';

declare const PASSED: unique symbol;

/**
 * How a call ended. Only `settle` makes one, and `next` answers one: a stage that forgot to pass it on would answer nothing that fits.
 * @template Result What stages hand to each other.
 */
export type Settled<Result> = { readonly result: Result } & { readonly [PASSED]: true };

/** The stages that follow. May be called again, to try again. */
export type Next<Result> = () => Promise<Settled<Result>>;

/** What the stages of a pipeline need of whoever composes them. */
export interface Ends<Result> {
  readonly settle: (result: Result) => Settled<Result>;
  /** The end of a call that a stage refuses. */
  readonly refuse: (call: ToolCall, error: SandglassError) => Settled<Result>;
}

export interface Stage<Result> {
  readonly name: string;
  /** When it does its work: before the stages that follow, or after them. The trace tells of it then. */
  readonly when: 'before' | 'after';
  /** What it throws, SandglassErrors, is how the call ends. */
  readonly handle: (call: ToolCall, next: Next<Result>, ends: Ends<Result>) => Promise<Settled<Result>>;
}

export interface PipelineOptions<Result> {
  readonly monotonic: () => number;
  /** An outcome of a call that failed. */
  readonly failure: (call: ToolCall, error: SandglassError) => Result;
  /** Told of what is thrown and is not a SandglassError. */
  readonly onFault: (error: unknown, call: ToolCall) => void;
}

/**
 * One function of many stages, each around those after it. A call that was cancelled enters no further stage; whatever a stage throws is an outcome;
 * every stage that did its work is in the trace, with the time that was its own.
 */
export function compose<Result>(
  stages: readonly Stage<Result>[],
  { monotonic, failure, onFault }: PipelineOptions<Result>,
): (call: ToolCall) => Promise<Result> {
  const settle = (result: Result): Settled<Result> => ({ result }) as Settled<Result>; // the only place that makes one
  const ends: Ends<Result> = { settle, refuse: (call, error) => settle(failure(call, error)) };

  const enter = async (call: ToolCall, index: number): Promise<Settled<Result>> => {
    const stage = stages[index];
    if (stage === undefined) throw new Error('no stage of the pipeline ends it');
    if (call.signal.aborted && stage.when === 'before')
      return ends.refuse(
        call,
        new SandglassError('CANCELLED', `Cannot call ${call.shownName}: it was cancelled`),
      );
    const entered = monotonic();
    let elsewhere = 0;
    const entry: { -readonly [K in keyof StageTrace]: StageTrace[K] } = { stage: stage.name, ms: 0 };
    if (stage.when === 'before') call.trace.push(entry);
    try {
      return await stage.handle(
        call,
        async () => {
          const left = monotonic();
          const settled = await enter(call, index + 1);
          elsewhere += monotonic() - left;
          if (stage.when === 'after' && call.trace.at(-1) !== entry) call.trace.push(entry);
          return settled;
        },
        ends,
      );
    } catch (error) {
      if (!(error instanceof SandglassError)) onFault(error, call);
      const known = error instanceof SandglassError ? error : broken(call, stage.name);
      entry.code = known.code;
      return ends.refuse(call, known);
    } finally {
      entry.ms = Math.max(0, monotonic() - entered - elsewhere);
    }
  };
  return async (call) => (await enter(call, 0)).result;
}

const broken = ({ shownName }: ToolCall, stage: string): SandglassError =>
  new SandglassError('INTERNAL', `Cannot call ${shownName}: the stage ${stage} failed`);
