import type { RunError } from '../../vocabulary/errors.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { PolicyDocument } from '../../vocabulary/policy.ts';

/** `runtime.policy`: what is allowed at most, which can change while the runtime is at work. */
export interface PolicyApi {
  /** Counts the policies there have been, from 1. */
  readonly revision: number;
  /** Why the last change of the policy file was not taken: the one before is still in force. Absent while there is nothing wrong. */
  readonly refused: RunError | undefined;
  /**
   * Puts another in its place, for calls and runs that begin now; of runs that go on, host functions whose part of the grant it does not cover any
   * more are denied from their next call on.
   * @throws {TypeError | RangeError} on one that cannot be read: the one before stays.
   */
  replace(policy: Grant | PolicyDocument): void;
}
