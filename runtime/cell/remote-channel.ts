import type { CellResult, CellRun } from '../contracts/cell.ts';
import type { PreparedGuest } from '../contracts/engine.ts';
import type { ToCell } from './protocol.ts';
import type { Serving } from './serving.ts';

/** A place where guests run outside the host's own thread: one at a time, or, of an engine whose guests share a thread, up to `MOST_GUESTS`. */
export interface RemoteCell {
  /**
   * Brings the executor (and the engine, if it can be) up; rejects when the cell cannot start. After a run that the cell renews itself for, a new
   * one: it can be asked for again as soon as that run has its answer.
   */
  readonly ready: Promise<void>;
  run(request: CellRun, cold: boolean): Promise<CellResult>;
  /** Runs that go on in it. */
  readonly guests: number;
  /** Each of them waits, for a timer or for the host: its thread burns nothing. */
  readonly resting: boolean;
  /** A guest blocks the thread while it waits. */
  readonly blocked: boolean;
  /** Linear memory of its guests as they told it last, bytes. */
  readonly guestBytes: number;
  /** Who is asked before a cell that rests goes on. Absent: it goes on at once. */
  watch(watcher: CellWatcher): void;
  /** Whether it may serve another run: nothing stopped, crashed or lied in it. */
  readonly sound: boolean;
  /** What it held when it was ready, bytes; 0 before. */
  readonly memoryBytes: number;
  /** What it and its guests hold together, bytes. */
  readonly heldBytes: number;
  /** Ends it and everything in it. Idempotent. */
  end(): Promise<void>;
  /** Whether the host process stays up for it. */
  hold(held: boolean): void;
}

export interface CellWatcher {
  /** This run waits. */
  waits(request: CellRun): void;
  /** The cell rests now. */
  rested(): void;
  /** A guest of a cell that rests would go on; it does once `go` is called. */
  wakes(go: () => void): void;
}

/** The wires to a worker or a process. */
export interface CellChannel {
  /** Bytes of an answer that owns them are gone afterwards. */
  post(message: ToCell): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the cell has ended for whatever reason; `heapIsFull`: V8 ended it at its cap. */
  onEnd(listener: (message: string, heapIsFull: boolean) => void): void;
  /** So many calls and outputs are no longer waiting at the host. */
  tookIn?(messages: number): void;
  /** Answers that were posted and that the guest has not taken: to blocking calls, and to others. Absent: nobody knows. */
  untaken?(): { readonly sync: number; readonly later: number };
  /** What the guest had used when it was last looked at. */
  used?(place: number): { readonly memoryBytes: number; readonly fuel: number | null };
  /** Makes the stop visible to a guest that never returns to its event loop. */
  signalStop(place: number, reason: 'deadline' | 'cancelled'): void;
  /** Clears the stop of an earlier run. */
  reset(place: number): void;
  hold(held: boolean): void;
  /** Destroys the cell; resolves when it is gone. */
  destroy(): Promise<void>;
  /** CPU time of the cell so far, ms; `null` where it is not known, or the cell has ended. Never rejects. */
  cpuMs(): Promise<number | null>;
  /** Modules can be sent compiled. */
  readonly sendsModules: boolean;
}

export interface RemoteCellOptions {
  readonly executorUrl: string;
  readonly stackBytes: number;
  readonly shared: PreparedGuest | undefined;
  /** See `Engine.renews`. @default false */
  readonly renews?: boolean;
  /** Shared by all cells of a runtime. @default one of its own */
  readonly serving?: Serving;
}
