import type { CellResult, CellRun } from '../contracts/cell.ts';
import type { CallMessage } from './protocol.ts';
import type { Desk } from './serving.ts';
import type { ValueTaker } from './value-parts.ts';

/** One run in a cell, as the host sees it. */
export interface RemoteRun {
  readonly desk: Desk;
  /** Messages that the cell counts and that were not taken in yet. */
  arrived: number;
  /** Calls that the gate is at, beside a blocking one. */
  inFlight: number;
  /** The guest blocks on a call that the gate is at. */
  blocked: boolean;
  /** Calls that wait until others have been answered and their answers taken. */
  readonly held: CallMessage[];
  /** Bytes of large answers that the guest has not taken, by call. */
  readonly untaken: Map<number, number>;
  untakenBytes: number;
  readonly token: number;
  readonly place: number;
  readonly request: CellRun;
  /** It waits, and burns nothing. */
  rests: boolean;
  /** It blocks its thread meanwhile. */
  blocks: boolean;
  /** A blocking call is becoming a wait. */
  restTimer: ReturnType<typeof setTimeout> | undefined;
  /** What lets it go on after a wait; set while it would go on and may not yet. */
  go: (() => void) | undefined;
  /** When it asked for that, ms. */
  askedMs: number;
  /** Time that it was kept waiting so, ms: none of its own. */
  keptMs: number;
  stopping: 'deadline' | 'cancelled' | undefined;
  outputRoom: number;
  memoryBytes: number;
  /** A large value, as far as it has come. */
  value: ValueTaker | undefined;
  readonly settle: (end: CellResult['end'], cpuMs: number | null) => void;
}

/** The state of a run that has not begun. */
export const openRemoteRun = (
  request: CellRun,
  given: Pick<RemoteRun, 'token' | 'place' | 'desk' | 'settle'>,
): RemoteRun => ({
  ...given,
  request,
  rests: false,
  blocks: false,
  restTimer: undefined,
  go: undefined,
  askedMs: 0,
  keptMs: 0,
  arrived: 0,
  inFlight: 0,
  blocked: false,
  held: [],
  untaken: new Map(),
  untakenBytes: 0,
  stopping: undefined,
  outputRoom: request.spec.limits.outputBytes,
  memoryBytes: 0,
  value: undefined,
});

/** What the guest was kept waiting after its waits so far, ms. */
export const keptMs = (run: RemoteRun): number =>
  run.keptMs + (run.go === undefined ? 0 : performance.now() - run.askedMs);
