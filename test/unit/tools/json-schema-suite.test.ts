import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createInterpretedValidators } from '../../../runtime/tools/check/interpreted-validators.ts';
import { createValidators } from '../../../runtime/tools/check/validators.ts';
import type { JsonObject, JsonValue } from '../../../runtime/vocabulary/json.ts';
import { verifies } from '../../support/verifies.ts';

/** The tests of the JSON Schema organisation, draft 2020-12; their commit stands in the file. */
interface Suite {
  readonly groups: readonly {
    readonly file: string;
    readonly description: string;
    readonly schema: JsonObject | boolean;
    readonly tests: readonly (readonly [description: string, data: JsonValue, valid: boolean])[];
  }[];
}
const SUITE = JSON.parse(
  readFileSync(new URL('../../json-schema-suite/draft2020-12.json', import.meta.url), 'utf8'),
) as Suite;

/** What differs on purpose, by file. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'default.json': 'defaults are filled in',
  'format.json': 'formats are held to',
  'vocabulary.json': 'a schema of schemas of its own says nothing here',
};
/** What ajv has otherwise where it follows dynamic references. */
const OF_AJV: Readonly<Record<string, string>> = { 'dynamicRef.json': 'answers of ajv' };

/** Why a schema is refused, before it is used. */
const REFUSED =
  /outside of itself|from itself without end|which is not there|unknown keyword "\$dynamicRef"|unknown format|enum is not a list of values|must NOT have fewer|regexp|"__proto__"|strict mode|never filled in|can't resolve|is a mistake|default is ignored|non-empty array|no schema with key or ref/;

describe.each([
  ['read', createInterpretedValidators(), OTHERWISE, 1_131],
  ['compiled, but for what is read', createValidators(), { ...OTHERWISE, ...OF_AJV }, 1_090],
] as const)('schemas that are %s', verifies('RG-14'), (_name, validators, otherwise, least) => {
  test('give the answers of the official tests, or are refused by name', () => {
    const differing: string[] = [];
    const refused: string[] = [];
    let same = 0;
    for (const { file, description, schema, tests } of SUITE.groups) {
      let validator: ReturnType<typeof validators.of>;
      try {
        validator = validators.of(typeof schema === 'boolean' ? { allOf: [schema] } : schema);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (!REFUSED.test(message)) refused.push(`${file}: ${description}: ${message}`);
        continue;
      }
      for (const [what, data, valid] of tests) {
        if (validator.check(data, { coerce: false }).ok === valid) same += 1;
        else if (!Object.hasOwn(otherwise, file)) differing.push(`${file}: ${description}: ${what}`);
      }
    }
    expect(differing).toEqual([]);
    expect(refused).toEqual([]);
    expect(same).toBeGreaterThanOrEqual(least);
  });
});
