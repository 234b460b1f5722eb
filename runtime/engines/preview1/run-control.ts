import type { GuestEnd, GuestHost, StopReason } from '../../contracts/engine.ts';

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
  /** How one of its imports ended it. */
  readonly end: GuestEnd | undefined;
  /** Leaves if the guest was told to, or has to stop now. */
  check(): void;
  exit(code: number): never;
  aborted(call: AbortCall): never;
  ended(end: GuestEnd): never;
  failed(error: unknown): never;
}

export interface AbortCall {
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** @param stopGuest Stops the guest at its next loop or function, should it catch what is thrown through it. */
export function createRunControl(host: GuestHost, stopGuest: () => void): RunControl {
  let exitCode: number | undefined;
  let stopReason: StopReason | undefined;
  let bug: unknown;
  let abort: AbortCall | undefined;
  let end: GuestEnd | undefined;
  let over = false;
  /** Notes why, if nothing was noted before. */
  const leave = (note: () => void): never => {
    if (!over) {
      over = true;
      note();
      stopGuest();
    }
    throw new LeaveGuest();
  };
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
    get end() {
      return end;
    },
    get abort() {
      return abort;
    },
    check: () => {
      const reason = over ? undefined : host.stopReason();
      if (over || reason !== undefined) {
        leave(() => {
          stopReason = reason;
        });
      }
    },
    exit: (code) =>
      leave(() => {
        exitCode = code;
      }),
    aborted: (call) =>
      leave(() => {
        abort = call;
      }),
    ended: (given) =>
      leave(() => {
        end = given;
      }),
    failed: (error) =>
      leave(() => {
        bug = error ?? new Error('an import failed');
      }),
  };
}
