import type { DrainReport, JobState, QueueCounts } from '../contracts/queue.ts';
import type { Priority } from '../vocabulary/priority.ts';

/** Bounded work with priorities. What it accepted ends: by itself, by a cancel, or by the end of a drain's grace. */
export interface Lanes {
  /**
   * Takes a job, or refuses it at once.
   * @throws {SandglassError} QUEUE_FULL when it is full or drains.
   */
  submit<T>(job: Job<T>): Ticket<T>;
  counts(): QueueCounts;
  /**
   * Accepts nothing more, lets what was accepted go on for `graceMs` (0..), then cancels the rest; resolves when nothing is left.
   * A second call waits for the same end, and can only shorten the grace.
   */
  drain(graceMs: number): Promise<DrainReport>;
}

export interface Job<T> {
  /** The work. Called once, when a slot is free; must settle soon after `signal` aborts. */
  readonly run: (slot: Slot) => Promise<T>;
  /** @default 'normal' */
  readonly priority?: Priority;
  /** Cancels the job, waiting or running. */
  readonly signal?: AbortSignal;
}

export interface Slot {
  readonly signal: AbortSignal;
  /** Time the job waited for its slot, ms. */
  readonly queuedMs: number;
}

export type TicketState = JobState;

export interface Ticket<T> {
  readonly state: TicketState;
  /** What the work answered. Rejects as the work does, and with CANCELLED when it was cancelled before it began. */
  readonly result: Promise<T>;
  /** Time waited so far, ms; fixed once the job runs. */
  readonly queuedMs: number;
  /** Idempotent; without effect on a job that is done. */
  cancel(): void;
}

/** Time, as work needs it; tests bring their own. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin. */
  now(): number;
  /** Calls `action` after `ms`; the answer takes it back. */
  after(ms: number, action: () => void): () => void;
}
