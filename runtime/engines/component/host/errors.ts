import type { HostAnswer } from '../../../contracts/engine.ts';
import { err, type Result } from '../wasi/errors.ts';

/** `sandglass:host/types.host-error`. */
export interface HostError {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly refusal: number;
}

export function hostError(answer: HostAnswer & { ok: false }): Result<never, HostError> {
  const { code, message, hint, id } = answer.refusal;
  return err({ code, message, hint, refusal: id });
}

/** An argument that no host function needs to see to refuse it. */
export const invalidArgument = (message: string): Result<never, HostError> =>
  err({ code: 'INPUT_INVALID', message, hint: undefined, refusal: 0 });
