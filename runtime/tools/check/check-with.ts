import type { ErrorObject } from 'ajv';
import { copyJson } from '../../vocabulary/copy-json.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { MOST_FIELDS } from '../../vocabulary/size-of-json.ts';
import { coerceFaults } from './coerce.ts';
import { faultsOf } from './faults.ts';
import type { Checked, Validator } from './validator.ts';

/**
 * What is wrong with a copy, whose defaults are filled in; `too long` where its texts are, for the patterns of the schema, `too much` where all of it
 * is, for the whole schema.
 */
export type FindErrors = (value: JsonValue) => readonly ErrorObject[] | 'too long' | 'too much';

export function checkWith(run: FindErrors, maxDepth: number): Validator {
  return {
    check(value, { coerce }) {
      const root = copyFor(value, maxDepth);
      if ('rule' in root) return { ok: false, faults: [{ path: '', ...root }] };
      let errors = run(root.value);
      // A value that was mended may bring up more, e.g. an item of an array; each round mends all it can.
      for (let round = 0; coerce && round < 8 && typeof errors !== 'string' && errors.length > 0; round++) {
        if (!coerceFaults(root.value, errors)) break;
        errors = run(root.value);
      }
      if (errors === 'too long')
        return {
          ok: false,
          faults: [
            { path: '', message: 'its texts are too long for the patterns of the schema', rule: 'pattern' },
          ],
        };
      if (errors === 'too much') return TOO_MUCH;
      return errors.length === 0 ? { ok: true, value: root.value } : { ok: false, faults: faultsOf(errors) };
    },
  };
}

/** Of a value and a schema that come to more work than a check may take. */
export const TOO_MUCH: Checked = {
  ok: false,
  faults: [{ path: '', message: 'is too large to be held to its schema', rule: 'size', kind: 'size' }],
};

/** A copy, as defaults are filled in; in an object, so that it can be told from none. */
function copyFor(
  value: JsonValue,
  maxDepth: number,
): { readonly value: JsonValue } | { readonly message: string; readonly rule: string } {
  try {
    return { value: copyJson(value, 'a value', { maxDepth }) };
  } catch (error) {
    // It is JSON already: only its depth and the fields of an object can be too much.
    return error instanceof RangeError
      ? { message: `has an object with over ${MOST_FIELDS} fields`, rule: 'maxProperties' }
      : { message: `is nested over ${maxDepth} deep`, rule: 'depth' };
  }
}
