import type { JsonObject } from '../../codec.ts';
import { SandglassError } from '../../errors.ts';

/** What `options` of a JavaScript run may say: lists of names. */
const OPTIONS: readonly string[] = ['imports', 'block'];

/**
 * Checks the options of one run. One that is not known is an error: it might have been meant to restrict.
 * @throws {SandglassError} INPUT_INVALID.
 */
export function checkQuickjsOptions(options: JsonObject): void {
  for (const [name, value] of Object.entries(options)) {
    if (!OPTIONS.includes(name)) {
      throw new SandglassError(
        'INPUT_INVALID',
        `Cannot read options: unknown option "${name}", known are ${OPTIONS.join(', ')}`,
      );
    }
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw new SandglassError('INPUT_INVALID', `Cannot read options.${name}: expected a list of names`);
    }
  }
}
