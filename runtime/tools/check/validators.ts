import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { canonicalJson } from '../canonical-json.ts';
import { checkWith } from './check-with.ts';
import { faultsOf } from './faults.ts';
import { CHECKED_FORMATS } from './formats.ts';
import { LINEAR_ENGINE } from './linear-pattern.ts';
import { isPlainSchema } from './plain-schema.ts';
import { refuseHeavySchema } from './schema-weight.ts';
import { SchemaFault, type Validator, type Validators } from './validator.ts';

/** Compiled schemas that are kept; one weighs some tens of kilobytes. */
const MOST_KEPT = 2_000;

export function createValidators(): Validators {
  const kept = new Recent<Validator>(MOST_KEPT);
  let compiled = 0;
  /** Holds schemas to the schema of schemas, and takes none in: to compile that one takes longer than all of theirs. */
  let judge: Ajv2020 | undefined;
  return {
    of(schema) {
      const key = canonicalJson(schema);
      const known = kept.get(key);
      if (known !== undefined) return known;
      judge ??= new Ajv2020(OPTIONS);
      const validator = open(schema, judge, () => {
        compiled += 1;
      });
      kept.set(key, validator);
      return validator;
    },
    get compiled() {
      return compiled;
    },
  };
}

const OPTIONS = {
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
  code: { regExp: LINEAR_ENGINE },
} as const;

/** What is wrong with a schema is told here; one of which nothing can be wrong any more is compiled when it is first needed: many never are. */
function open(schema: JsonSchema, judge: Ajv2020, onCompiled: () => void): Validator {
  const maxDepth = refuseHeavySchema(schema);
  if (judge.validateSchema(schema) !== true) throw new SchemaFault(faultsOf(judge.errors ?? []));
  let validate: ValidateFunction | undefined;
  const compiled = (): ValidateFunction => {
    if (validate === undefined) {
      validate = compile(schema);
      onCompiled();
    }
    return validate;
  };
  if (!isPlainSchema(schema)) compiled();
  return validatorOf(compiled, maxDepth);
}

function compile(schema: JsonSchema): ValidateFunction {
  // Of its own: nothing of one schema is reachable from another, and all of it goes with it.
  const ajv = new Ajv2020({ ...OPTIONS, meta: false, validateSchema: false });
  ajv.removeKeyword('uniqueItems'); // its own compares each item with each other
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (wanted: boolean, items: readonly JsonValue[]) =>
      !wanted || new Set(items.map(canonicalJson)).size === items.length,
  });
  return ajv.compile(schema);
}

function validatorOf(compiled: () => ValidateFunction, maxDepth: number): Validator {
  return checkWith((value) => {
    const validate = compiled();
    return validate(value) ? [] : [...(validate.errors ?? [])];
  }, maxDepth);
}
