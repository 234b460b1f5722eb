import { Recent } from '../../vocabulary/recent.ts';
import { canonicalJson } from '../canonical-json.ts';
import { checkWith } from './check-with.ts';
import { TooMuchWork, Work } from './interpreted/place.ts';
import { readSchema } from './interpreted/read-schema.ts';
import { createPatterns } from './linear-pattern.ts';
import { withoutAnchors } from './references.ts';
import { refuseHeavySchema } from './schema-weight.ts';
import type { Validator, Validators } from './validator.ts';

/** Schemas that are kept, read. */
const MOST_KEPT = 2_000;

/** Validators that make no code of schemas, for platforms where none may be made: workerd, pages whose policy has no `unsafe-eval`. */
export function createInterpretedValidators(): Validators {
  const kept = new Recent<Validator>(MOST_KEPT);
  let compiled = 0;
  return {
    of(given) {
      const key = canonicalJson(given);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const schema = withoutAnchors(given);
      const maxDepth = refuseHeavySchema(schema);
      const patterns = createPatterns();
      const work = new Work();
      const check = readSchema(schema, patterns, work);
      compiled += 1;
      const validator = checkWith((value) => {
        const place = { path: '', errors: [] };
        patterns.begin();
        work.begin();
        try {
          check(value, place);
        } catch (error) {
          if (error instanceof TooMuchWork) return 'too much';
          throw error;
        }
        return patterns.exceeded ? 'too long' : place.errors;
      }, maxDepth);
      kept.set(key, validator);
      return validator;
    },
    get compiled() {
      return compiled;
    },
  };
}
