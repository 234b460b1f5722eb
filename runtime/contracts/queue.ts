import type { JsonValue } from '../vocabulary/json.ts';
import type { Priority } from '../vocabulary/priority.ts';

/**
 * Bounded work with priorities. A job is plain data, so that it can cross a process: what serves it, its output and its cancel are found by its
 * kind and its id. What a queue accepted ends: by itself, by a cancel, or by the end of a drain's grace. One suite runs over every queue.
 */
export interface Queue {
  /**
   * Takes a copy of a job, or refuses it.
   * @throws {SandglassError} QUEUE_FULL when the queue is full or drains, INPUT_INVALID for a payload that is too large.
   * @throws {TypeError} for a payload that is not JSON, an unknown priority, a kind that nobody serves, or the id of a job that goes on.
   */
  add(job: Job): Promise<JobHandle>;
  /**
   * Does the jobs of these kinds.
   * @throws {TypeError} for a kind that is served already.
   */
  serve(handlers: Readonly<Record<string, JobHandler>>): void;
  /** Tells a listener what the job of this id puts out from now on, in order, until it has ended. The answer takes the listener back. */
  onOutput(id: string, listener: (output: JsonValue) => void): () => void;
  /** Ends a job that waits or runs with CANCELLED. Answers whether there was one. */
  cancel(id: string): boolean;
  counts(): QueueCounts;
  /**
   * Accepts nothing more, lets what was accepted go on for `graceMs` (0..), then cancels the rest; resolves when nothing is left.
   * A second call waits for the same end, and can only shorten the grace.
   */
  drain(graceMs: number): Promise<DrainReport>;
}

export interface Job {
  /** Which handler does it. */
  readonly kind: string;
  readonly payload: JsonValue;
  /** @default 'normal' */
  readonly priority?: Priority;
  /** @default a fresh one */
  readonly id?: string;
}

export type JobState = 'queued' | 'running' | 'done';

/** A job that was accepted. */
export interface JobHandle {
  readonly id: string;
  readonly state: JobState;
  /** Time waited so far, ms; fixed once the job runs. */
  readonly queuedMs: number;
  /** What its handler answered, a copy. Rejects as the handler does, and with CANCELLED when it was cancelled before it began. */
  readonly result: Promise<JsonValue>;
}

/** Does one job; must settle soon after `signal` aborts. */
export type JobHandler = (payload: JsonValue, context: JobContext) => Promise<JsonValue>;

export interface JobContext {
  readonly id: string;
  readonly signal: AbortSignal;
  /** Time that the job waited, ms. */
  readonly queuedMs: number;
  /** Puts something out while the job goes on: JSON. */
  readonly emit: (output: JsonValue) => void;
}

export interface QueueCounts {
  readonly queued: number;
  readonly running: number;
  readonly accepting: boolean;
}

export interface DrainReport {
  /** Jobs that ended by themselves since the drain began. */
  readonly finished: number;
  /** Jobs that the end of the grace cancelled. */
  readonly cancelled: number;
}
