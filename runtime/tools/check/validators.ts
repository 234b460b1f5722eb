import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { holdsMore, partsOf } from '../../vocabulary/size-of-json.ts';
import { canonicalJson } from '../canonical-json.ts';
import { checkWith, type FindErrors, TOO_MUCH } from './check-with.ts';
import { faultsOf } from './faults.ts';
import { CHECKED_FORMATS } from './formats.ts';
import { createInterpretedValidators } from './interpreted-validators.ts';
import { createPatterns } from './linear-pattern.ts';
import { isPlainSchema } from './plain-schema.ts';
import { withoutAnchors } from './references.ts';
import { MOST_NODES, refuseHeavySchema } from './schema-weight.ts';
import { SchemaFault, type Validator, type Validators } from './validator.ts';

/** Compiled schemas that are kept; one weighs some tens of kilobytes. */
const MOST_KEPT = 2_000;

/**
 * Characters of a schema that is compiled. What compiling takes grows faster than the schema, to seconds for the largest; a larger one is read into
 * functions, which takes a few milliseconds, and gives the same answers. So is a schema with `unevaluatedProperties` or `unevaluatedItems`, of
 * whatever size: ajv forgets what `allOf` has looked at where a condition or an alternative beside it does not hold.
 */
const MOST_COMPILED = 4_096;

export function createValidators(): Validators {
  const large = createInterpretedValidators();
  const kept = new Recent<Validator>(MOST_KEPT);
  let compiled = 0;
  /** Holds schemas to the schema of schemas, and takes none in: to compile that one takes longer than all of theirs. */
  let judge: Ajv2020 | undefined;
  return {
    of(given) {
      const key = canonicalJson(given);
      const known = kept.get(key);
      if (known !== undefined) return known;
      if (key.length > MOST_COMPILED || key.includes('"unevaluated')) return large.of(given);
      const schema = withoutAnchors(given);
      judge ??= new Ajv2020({ ...OPTIONS, code: { regExp: createPatterns().engine } });
      // With references, the most that they may lead to.
      const parts = key.includes('Ref"') || key.includes('$ref"') ? MOST_NODES : partsOf(schema as JsonValue);
      const quick = open(schema, judge, parts, () => {
        compiled += 1;
      });
      const validator = bounded(quick, parts, () => large.of(given));
      kept.set(key, validator);
      return validator;
    },
    get compiled() {
      return compiled + large.compiled;
    },
  };
}

const OPTIONS = {
  ownProperties: true,
  strict: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowUnionTypes: true,
  allErrors: true,
  verbose: true,
  useDefaults: true,
  addUsedSchema: false,
  logger: false,
  formats: CHECKED_FORMATS,
} as const;

/** What is wrong with a schema is told here; one of which nothing can be wrong any more is compiled when it is first needed: many never are. */
function open(schema: JsonSchema, judge: Ajv2020, parts: number, onCompiled: () => void): Validator {
  const maxDepth = refuseHeavySchema(schema);
  if (judge.validateSchema(schema) !== true) throw new SchemaFault(faultsOf(judge.errors ?? []));
  const made: { all?: FindErrors; first?: FindErrors } = {};
  const compiled: Compiled = (faults) => {
    if (made[faults] === undefined && made.all === undefined) onCompiled();
    made[faults] ??= compile(schema, faults);
    return made[faults];
  };
  if (!isPlainSchema(schema)) compiled('all');
  const explained = explainedOf(parts);
  return checkWith((value) => compiled(holdsMore(value, explained) ? 'first' : 'all')(value), maxDepth);
}

/** All that is wrong with a value, or the first of it: of a large one the list of all is larger still. */
type Compiled = (faults: 'all' | 'first') => FindErrors;

/** Values of which all faults are told. */
const MOST_EXPLAINED = 10_000;
const MOST_FAULTS = 500_000;

/** Parts of a value times parts of a schema that are checked by code. */
const MOST_PAIRS = 5_000_000;

function compile(schema: JsonSchema, faults: 'all' | 'first'): FindErrors {
  const patterns = createPatterns();
  // Of its own: nothing of one schema is reachable from another, and all of it goes with it.
  const ajv = new Ajv2020({
    ...OPTIONS,
    addUsedSchema: true, // else it does not find '#'
    allErrors: faults === 'all',
    code: { regExp: patterns.engine },
    meta: false,
    validateSchema: false,
  });
  // Nothing that is compiled asks what was looked at: to keep account of it costs, and fails where patterns of names stand in alternatives.
  ajv.opts.unevaluated = false;
  ajv.removeKeyword('uniqueItems'); // its own compares each item with each other
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly JsonValue[]) =>
      !wanted || new Set(items.map(canonicalJson)).size === items.length,
  });
  const validate: ValidateFunction = ajv.compile(schema);
  return (value) => {
    patterns.begin();
    const fits = validate(value);
    if (patterns.exceeded) return 'too long';
    return fits ? [] : [...(validate.errors ?? [])];
  };
}

/** Each part of a schema may be a fault of each part of a value. */
const explainedOf = (parts: number): number =>
  Math.max(100, Math.min(MOST_EXPLAINED, Math.floor(MOST_FAULTS / parts)));

/** Code that a schema became cannot be stopped: a value that is large for it is checked by what keeps account of its work. */
function bounded(quick: Validator, parts: number, slow: () => Validator): Validator {
  return {
    check(value, options) {
      if (!weighsMore(value, Math.floor(MOST_PAIRS / parts))) return quick.check(value, options);
      let checker: Validator;
      try {
        checker = slow();
      } catch {
        return TOO_MUCH; // it has words that only code is made of
      }
      return checker.check(value, options);
    },
  };
}

/** Whether there are more values, each 16 characters of a text counted as one. Looks at no more than that. */
function weighsMore(value: JsonValue, most: number): boolean {
  let left = most;
  const weigh = (part: JsonValue): boolean => {
    left -= typeof part === 'string' ? 1 + part.length / 16 : 1;
    return left < 0 || (typeof part === 'object' && part !== null && Object.values(part).some(weigh));
  };
  return weigh(value);
}
