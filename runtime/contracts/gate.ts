import type { SandglassError } from '../vocabulary/errors.ts';
import type { HostAnswer } from './engine.ts';
import type { MountView, ScratchFiles } from './host-function.ts';

/** The one way from a guest to the host. Grant, budget and audit are checked here for every host call of one run. */
export interface Gate {
  readonly mounts: readonly MountView[];
  /** Where relative URLs of the guest start. */
  readonly base: string | undefined;
  /** Host functions that the grant has a part for. */
  readonly granted: readonly string[];
  /** Adds to `mounts` the folders that need no grant. A guest that names them only later gets them without. */
  openFolders(): Promise<void>;
  /** The scratch folder, for the host itself; `undefined` where the run has none. */
  scratch(): Promise<ScratchFiles | undefined>;
  /**
   * Serves one call. All three arguments are untrusted. Answers at once when the host function does, so that a guest in the same thread
   * can block on it. Never throws and never rejects.
   * @param atOnce See `HostRequest`. @default false
   */
  call(operation: unknown, args: unknown, bytes: unknown, atOnce?: boolean): HostAnswer | Promise<HostAnswer>;
  /** The answer for a guest that must block on a call that has to wait, in a thread that cannot. */
  refuseBlocking(operation: string): HostAnswer;
  /** The refusal that this gate gave under this id. */
  refusal(id: number): SandglassError | undefined;
  /** The last refusal of what the run may not do, for the story of a guest that ended badly. A call that was made and failed is none. */
  lastDenial(): SandglassError | undefined;
  /** The error that the run ends with whatever its guest answers: set once it has gone on calling for too long with its budget spent. */
  overspent(): SandglassError | undefined;
  /** Calls that host functions have not answered. */
  pending(): number;
  usage(): GateUsage;
  /** Ends all sessions and whatever calls are still going. Idempotent. */
  close(): Promise<void>;
}

export interface GateUsage {
  readonly hostCalls: Readonly<Record<string, number>>;
  readonly egressBytes: number;
  readonly ingressBytes: number;
}
