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

/** A stage that a call has entered, in the one before it. */
interface Frame {
  readonly index: number;
  readonly outer: Frame | undefined;
  readonly entry: { -readonly [K in keyof StageTrace]: StageTrace[K] };
  /** It only passed the call on: nothing of it is left to do. */
  passed: boolean;
}

/** A call on its way: whose time runs, and since when. */
interface Way {
  readonly call: ToolCall;
  at: Frame | undefined;
  since: number;
}

/**
 * One function of many stages, each around those after it. A call that was cancelled enters no further stage; whatever a stage throws is an outcome;
 * every stage that did its work is in the trace, with the time that was its own. A stage that answers the promise of `next` itself costs no other.
 */
export function compose<Result>(
  stages: readonly Stage<Result>[],
  { monotonic, failure, onFault }: PipelineOptions<Result>,
): (call: ToolCall) => Promise<Result> {
  const settle = (result: Result): Settled<Result> => ({ result }) as Settled<Result>; // the only place that makes one
  const ends: Ends<Result> = { settle, refuse: (call, error) => settle(failure(call, error)) };

  /** The time until now was that of the stage at which the call is. */
  const goTo = (way: Way, frame: Frame | undefined): void => {
    const now = monotonic();
    if (way.at !== undefined) way.at.entry.ms += Math.max(0, now - way.since);
    way.at = frame;
    way.since = now;
  };
  /** Back to the nearest stage that waits for those after it. */
  const leave = (way: Way, { outer }: Frame): void => {
    const { trace } = way.call;
    let frame = outer;
    for (; frame !== undefined; frame = frame.outer) {
      if (stages[frame.index]?.when === 'after' && trace.at(-1) !== frame.entry) trace.push(frame.entry);
      if (!frame.passed) break;
    }
    goTo(way, frame);
  };
  const refused = ({ call }: Way, { entry }: Frame, error: unknown): Settled<Result> => {
    if (!(error instanceof SandglassError)) onFault(error, call);
    const known = error instanceof SandglassError ? error : broken(call, entry.stage);
    entry.code = known.code;
    return ends.refuse(call, known);
  };
  const ended = async (
    way: Way,
    frame: Frame,
    handled: Promise<Settled<Result>>,
  ): Promise<Settled<Result>> => {
    try {
      return await handled;
    } catch (error) {
      return refused(way, frame, error);
    } finally {
      leave(way, frame);
    }
  };
  const enter = (way: Way, index: number, outer: Frame | undefined): Promise<Settled<Result>> => {
    const { call } = way;
    const stage = stages[index];
    if (stage === undefined) throw new Error('no stage of the pipeline ends it');
    const frame: Frame = { index, outer, entry: { stage: stage.name, ms: 0 }, passed: false };
    if (call.signal.aborted && stage.when === 'before') {
      leave(way, frame);
      return Promise.resolve(ends.refuse(call, cancelled(call)));
    }
    goTo(way, frame);
    if (stage.when === 'before') call.trace.push(frame.entry);
    let after: Promise<Settled<Result>> | undefined;
    try {
      const handled = stage.handle(
        call,
        () => {
          after = enter(way, index + 1, frame);
          return after;
        },
        ends,
      );
      if (handled !== after) return ended(way, frame, handled);
      frame.passed = true;
      if (way.at === frame) leave(way, frame); // those after it have ended already
      return handled;
    } catch (error) {
      const settled = refused(way, frame, error);
      leave(way, frame);
      return Promise.resolve(settled);
    }
  };
  return async (call) => (await enter({ call, at: undefined, since: 0 }, 0, undefined)).result;
}

const cancelled = ({ shownName }: ToolCall): SandglassError =>
  new SandglassError('CANCELLED', `Cannot call ${shownName}: it was cancelled`);

const broken = ({ shownName }: ToolCall, stage: string): SandglassError =>
  new SandglassError('INTERNAL', `Cannot call ${shownName}: the stage ${stage} failed`);
