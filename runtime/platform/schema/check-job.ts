import type { ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { InputCheck } from '../../contracts/platform.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { didYouMean } from '../../vocabulary/nearest.ts';

/** Only check-input.ts sends it. */
export interface CheckJob {
  readonly schema: JsonObject;
  readonly input: JsonObject;
}

const MAX_FAULTS = 20;
const MAX_SHOWN = 80;

/** A schema ready to hold inputs to; it keeps none of them. */
export type Check = (input: JsonObject) => InputCheck;

/** Holds an input to a schema. */
export const job = async (asked: unknown): Promise<InputCheck> => {
  const { schema, input } = asked as CheckJob; // see there
  return checkOf(schema)(input);
};

/** Takes milliseconds, as the schema becomes code. */
export function checkOf(schema: JsonObject): Check {
  const { $schema: _, $id: __, $async, ...rest } = schema; // names of schemas are nobody's here
  // It would answer a promise, which is no fault, and nobody waits for it.
  if ($async !== undefined) return () => ({ kind: 'no-schema', reason: '$async is no keyword' });
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    validateFormats: false,
    verbose: true,
    logger: false,
  });
  let validate: ReturnType<typeof ajv.compile>;
  try {
    validate = ajv.compile(rest);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
    return () => ({ kind: 'no-schema', reason });
  }
  return (input) => {
    if (validate(input)) return { kind: 'fits' };
    const faults = (validate.errors ?? []).slice(0, MAX_FAULTS).map(faultOf);
    validate.errors = null; // they hold parts of the input
    return { kind: 'faults', faults };
  };
}

/** One fault: where in the input, and what is allowed there. */
function faultOf(error: ErrorObject): { readonly path: string; readonly message: string } {
  const { keyword, params, instancePath, data, parentSchema, message = 'does not fit' } = error;
  const path = pathOf(instancePath);
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  if (keyword === 'required') {
    const name = String(params.missingProperty);
    return { path: at(name), message: `input.${at(name)} is missing` };
  }
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const name = String(params.additionalProperty ?? params.unevaluatedProperty);
    const known = Object.keys(parentSchema?.properties ?? {});
    return {
      path: at(name),
      message: `input.${at(name)} is not a field, known are ${known.join(', ') || 'none'}${didYouMean(name, known)}`,
    };
  }
  const where = path === '' ? 'input' : `input.${path}`;
  const got = shown(data);
  if (keyword === 'enum' || keyword === 'const') {
    const allowed: readonly unknown[] = keyword === 'const' ? [params.allowedValue] : params.allowedValues;
    return { path, message: `${where} must be one of ${allowed.map(shown).join(', ')}, got ${got}` };
  }
  if (keyword === 'type')
    return { path, message: `${where} must be ${[params.type].flat().join(' or ')}, got ${got}` };
  return { path, message: `${where} ${message}, got ${got}` };
}

/** `/items/2/name` → `items[2].name`. */
const pathOf = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(
      (path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path === '' ? part : `${path}.${part}`),
      '',
    );

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
