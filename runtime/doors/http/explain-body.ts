import type { ErrorObject } from 'ajv';
import { type ErrorDetails, SandglassError } from '../../vocabulary/errors.ts';
import { didYouMean, nearestOrAll } from '../../vocabulary/nearest.ts';

/** Schema of a body: its name, and its fields. */
export interface BodySchema {
  readonly $id: string;
  readonly properties: Readonly<Record<string, object>>;
}

/** What is wrong, by the first thing that is. */
export function explainFirst(
  errors: readonly ErrorObject[] | null | undefined,
  schema: BodySchema,
): SandglassError {
  const [first] = errors ?? [];
  return first === undefined ? invalid('', `not a ${schema.$id}`) : explain(first, schema);
}

function explain(
  { keyword, instancePath, params, message, data }: ErrorObject,
  schema: BodySchema,
): SandglassError {
  switch (keyword) {
    case 'additionalProperties': {
      const allowed = knownFields(instancePath, schema);
      const name = String(params.additionalProperty);
      return invalid(`${instancePath}/${name}`, `unknown field${nearestOrAll(name, allowed)}`, {
        allowed,
      });
    }
    case 'enum': {
      const allowed: readonly unknown[] = params.allowedValues;
      const near = typeof data === 'string' ? didYouMean(data, allowed.map(String)) : '';
      return invalid(instancePath, `expected one of ${allowed.join(', ')}${near}`, { allowed });
    }
    case 'type':
      return invalid(instancePath, `expected ${withArticle(String(params.type))}`, { allowed: params.type });
    case 'minimum':
    case 'maximum':
      return invalid(instancePath, `expected a whole number ${params.comparison} ${params.limit}`, {
        allowed: { [keyword]: params.limit },
      });
    case 'pattern':
      return invalid(
        instancePath,
        instancePath === '/module'
          ? 'expected the SHA-256 that POST /v1/modules answered'
          : 'expected 1 to 64 letters, digits, - and _',
        { allowed: params.pattern },
      );
    default:
      return invalid(instancePath, message ?? keyword);
  }
}

const knownFields = (path: string, { properties }: BodySchema): string[] =>
  Object.keys(fieldsAt(path, properties));

/** Down through objects and lists, as far as their schemas tell. */
function fieldsAt(path: string, properties: Readonly<Record<string, object>>): object {
  let fields: object = properties;
  for (const name of path.split('/').slice(1)) {
    if (/^\d+$/.test(name)) continue;
    const schema = (Object.hasOwn(fields, name) ? Reflect.get(fields, name) : {}) as {
      readonly properties?: object;
      readonly items?: { readonly properties?: object };
    };
    fields = schema.properties ?? schema.items?.properties ?? {};
  }
  return fields;
}

const withArticle = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);

export function invalid(path: string, reason: string, details: ErrorDetails = {}): SandglassError {
  return new SandglassError('INPUT_INVALID', `Cannot read the body at "${path || '/'}": ${reason}`, {
    details: { path: path || '/', ...details },
  });
}
