import { checkField } from './check-fields.ts';
import { defined } from './defined.ts';
import { SandglassError } from './errors.ts';
import type { GuestValue } from './guest-value.ts';
import type { Outcome } from './outcome.ts';

/**
 * The value of a run that ended well.
 * @throws {SandglassError} with code, message, hint and details of the outcome's error when it did not.
 * @example const sum = unwrap(await runtime.run({ language: 'js', code: '1 + 2' })); // 3
 */
export function unwrap(outcome: Outcome): GuestValue {
  checkField(outcome, 'outcome', 'object!', 'unwrap');
  if (outcome.ok) return outcome.value;
  const { code, message, hint, details, retryable } = outcome.error;
  throw new SandglassError(code, message, {
    ...defined({ hint, details }),
    retryable,
  });
}
