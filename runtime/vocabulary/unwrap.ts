import { checkField } from './check-fields.ts';
import { defined } from './defined.ts';
import { SandglassError } from './errors.ts';
import type { GuestValue } from './guest-value.ts';
import type { Outcome } from './outcome.ts';

/**
 * The value of a run that ended well.
 * @throws {SandglassError} with code, message, hint and details of the outcome's error when it did not.
 * @throws {TypeError} for a promise of an outcome.
 * @example const sum = unwrap(await runtime.run({ language: 'js', code: '1 + 2' })); // 3
 */
export function unwrap(outcome: Outcome): GuestValue {
  checkField(outcome, 'outcome', 'object!', 'unwrap');
  const given: unknown = outcome; // for callers without types
  if (given instanceof Promise)
    throw new TypeError('Cannot unwrap a promise: write unwrap(await runtime.run(…))');
  if (outcome.ok) return outcome.value;
  const { code, message, hint, details, retryable } = outcome.error;
  throw new SandglassError(code, message, {
    ...defined({ hint, details }),
    retryable,
  });
}
