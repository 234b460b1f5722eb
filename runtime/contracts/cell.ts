import type { Engine, GuestResult, PreparedGuest, RunSpec, StopReason } from './engine.ts';
import type { Gate } from './gate.ts';

/** Where an instance lives: `inline`, a `worker` or a `process`. One contract, one suite. */
export interface Cell {
  readonly kind: 'inline' | 'worker' | 'process';
  /**
   * Runs one guest to its end, its deadline or its cancellation, whichever is first; then nothing of it is left.
   * Rejects only for a bug of ours.
   */
  run(request: CellRun): Promise<CellResult>;
  /**
   * Holds a cell for one guest of an engine that has `open`. Waits for a free one; rejects with CANCELLED when `signal` aborts first, and
   * with anything else when the cell does not start.
   */
  hold(engine: Engine, signal: AbortSignal): Promise<HeldCell>;
}

/** A cell that keeps its guest from run to run. Nobody else is ever served by it, neither while it is held nor afterwards. */
export interface HeldCell {
  readonly kind: Cell['kind'];
  /** One run at a time; none after one that did not end by itself. Rejects only for a bug of ours. */
  run(request: CellRun): Promise<CellResult>;
  /** Drops the guest and the cell with it; a run still going ends as crashed. Idempotent. */
  close(): Promise<void>;
}

export interface CellRun {
  readonly engine: Engine;
  readonly guest: PreparedGuest;
  readonly spec: RunSpec;
  readonly gate: Gate;
  /** Guest output as it comes, in order, never more than `outputBytes` in all. */
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  readonly signal: AbortSignal;
  /** How many runs it is nested in: they hold cells while they wait for it. @default 0 */
  readonly depth?: number;
  /**
   * Called once the cell is free and the run's clock starts, with what tells how the run is going, and what its guest had burnt when it was
   * last looked at, units; `null` where nobody tells. Of a process that is what it told when it was asked before.
   */
  readonly onStart: (probe: CellProbe, burnt: () => number | null) => void;
  /** The guest goes on in what the earlier runs of its cell have left. Set by a held cell alone. */
  readonly kept?: boolean;
}

/** Asks a cell about the run that goes on in it; also while its guest spins. Never rejects. */
export type CellProbe = () => Promise<{
  /** CPU time of the run so far, ms; `null` where the platform does not tell. */
  readonly cpuMs: number | null;
  /** Linear memory that the cell has told of last, bytes; `null` before it has. */
  readonly memoryBytes: number | null;
}>;

export interface CellResult {
  readonly end: GuestResult | CellEnd;
  /** CPU time of the cell during the run, ms; `null` where the platform does not tell. */
  readonly cpuMs: number | null;
  readonly coldStart: boolean;
}

/** The cell ended the guest, not the engine. */
export interface CellEnd {
  readonly kind: 'stopped' | 'crashed';
  /** Of what was stopped; `memory`: the engine's own heap, beside the guest's linear memory, was full. */
  readonly reason?: StopReason | 'memory';
  readonly message?: string;
  /** The last peak the cell reported, bytes. */
  readonly memoryBytes: number;
  /** What it had told of last; `null` if it never did. */
  readonly fuel: number | null;
  readonly growthRefused: false;
}

/** How long after its deadline a guest may take to end by itself before its cell is destroyed, ms. */
export const STOP_GRACE_MS = 200;
