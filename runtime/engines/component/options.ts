import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';

/**
 * A component takes no options. One that is given all the same might have been meant to restrict.
 * @throws {SandglassError} INPUT_INVALID.
 */
export function refuseOptions(options: JsonObject = {}): void {
  const [name] = Object.keys(options);
  if (name === undefined) return;
  throw new SandglassError(
    'INPUT_INVALID',
    `Cannot read options: unknown option "${name}", a component takes none`,
  );
}
