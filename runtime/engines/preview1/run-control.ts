import type { GuestHost, StopReason } from '../../engine.ts';

/** Thrown through the guest to leave it. A guest that catches it gets no further: every later import throws it again. */
export class LeaveGuest extends Error {
  override readonly name = 'LeaveGuest';
}

/** Why a guest that was told to leave has ended; the engine reads this, never what was thrown. */
export interface RunControl {
  /** Set by `proc_exit`, once. */
  readonly exitCode: number | undefined;
  readonly stopReason: StopReason | undefined;
  /** An error of our own inside an import. */
  readonly bug: unknown;
  /** For a module that aborts itself by `env.abort`. */
  readonly abort: AbortCall | undefined;
  /** For fuel slices: a guest told to leave must not compute on. */
  readonly onSlice: () => StopReason | undefined;
  /** Leaves if the guest was told to, or has to stop now. */
  check(): void;
  exit(code: number): never;
  aborted(call: AbortCall): never;
  failed(error: unknown): never;
}

export interface AbortCall {
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function createRunControl(host: GuestHost): RunControl {
  let exitCode: number | undefined;
  let stopReason: StopReason | undefined;
  let bug: unknown;
  let abort: AbortCall | undefined;
  const over = (): boolean =>
    exitCode !== undefined || stopReason !== undefined || bug !== undefined || abort !== undefined;
  return {
    get exitCode() {
      return exitCode;
    },
    get stopReason() {
      return stopReason;
    },
    get bug() {
      return bug;
    },
    get abort() {
      return abort;
    },
    onSlice: () => (over() ? 'cancelled' : host.stopReason()),
    check: () => {
      if (!over()) stopReason = host.stopReason();
      if (over()) throw new LeaveGuest();
    },
    exit: (code) => {
      if (!over()) exitCode = code;
      throw new LeaveGuest();
    },
    aborted: (call) => {
      if (!over()) abort = call;
      throw new LeaveGuest();
    },
    failed: (error) => {
      if (!over()) bug = error ?? new Error('an import failed');
      throw new LeaveGuest();
    },
  };
}
