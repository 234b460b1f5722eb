import { REQUIREMENTS, type RequirementId } from '../requirements.ts';

/**
 * Says which rows of what the product owes a test shows: `test('…', verifies('FS-02'), () => …)`, also for a `describe`, or as a statement in a
 * file for all of it. `npm run requirements` finds these calls in the source; here they only refuse an id that is not a row.
 * @throws {RangeError} when the file is loaded, for an unknown id.
 */
export function verifies(...ids: readonly RequirementId[]): Record<never, never> {
  for (const id of ids) {
    if (!Object.hasOwn(REQUIREMENTS, id)) throw new RangeError(`Cannot verify "${id}": no row has this id`);
  }
  return {};
}
