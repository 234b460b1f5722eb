import type { ErrorObject } from 'ajv';
import type { ArgumentFault } from '../../contracts/api/tool-call.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { nearest, shownText } from '../../vocabulary/nearest.ts';
import { inputFault, kindOfFormat } from './input-kinds.ts';
import { unescaped } from './references.ts';

/** Told at once; whoever mends these will hear of the rest. */
const MOST_FAULTS = 50;
/** Characters of all that are told together, and one fault more. */
const MOST_TOLD = 65_536;
/** Letters of a name, a text or a pattern that are told again: a schema is a stranger's, and its texts may be long. */
const MOST_LETTERS = 200;
/** Names of a place that are told, the innermost. */
const MOST_NAMES = 30;
/** Names and values that are told as allowed. */
const MOST_ALLOWED = 50;

/** What ajv found, in words that help to mend it: each place once for each rule. */
export function faultsOf(errors: readonly ErrorObject[]): readonly ArgumentFault[] {
  const faults = new Map<string, ArgumentFault>();
  let told = 0;
  for (const error of errors) {
    if (faults.size >= MOST_FAULTS || told > MOST_TOLD) break;
    if (error.keyword === 'if') continue; // what `then` or `else` found is told by itself
    if (error.keyword === 'anyOf' && isToldBelow(error, errors)) continue;
    const fault = faultOf(error);
    faults.set(`${fault.path}\n${fault.message}`, fault);
    told += JSON.stringify(fault).length;
  }
  return [...faults.values()];
}

/** What each choice found is told by itself; that none of them fits says nothing more. */
const isToldBelow = ({ instancePath }: ErrorObject, errors: readonly ErrorObject[]): boolean =>
  errors.some(
    (other) =>
      other.keyword !== 'anyOf' &&
      (other.instancePath === instancePath || other.instancePath.startsWith(`${instancePath}/`)),
  );

/** All of them as one line. */
export const faultText = (faults: readonly ArgumentFault[]): string =>
  faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');

function faultOf({ instancePath, keyword, params, data, parentSchema }: ErrorObject): ArgumentFault {
  const facts: Readonly<Record<string, unknown>> = params;
  const path = readable(instancePath);
  const given = isLarge(data) ? undefined : shown(data);
  const at = (message: string, more: Partial<ArgumentFault> = {}): ArgumentFault => ({
    path,
    message,
    rule: keyword,
    ...defined({ given }),
    ...more,
  });
  switch (keyword) {
    case 'required':
      return {
        path: join(path, cut(String(facts.missingProperty))),
        message: 'is required and missing',
        rule: keyword,
      };
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(facts.additionalProperty ?? facts.unevaluatedProperty);
      const known = Object.keys(objectOf(parentSchema?.properties));
      const near = nearest(name, known);
      return {
        path: join(path, cut(name)),
        message: `is not a known field${hintOf(near, known)}`,
        rule: keyword,
        allowed: known.slice(0, MOST_ALLOWED).map(cut),
        ...defined({ nearest: near }),
      };
    }
    case 'enum':
    case 'const': {
      const allowed =
        keyword === 'const' ? [facts.allowedValue] : (facts.allowedValues as readonly unknown[]); // ajv's own form
      const texts = allowed.filter((value) => typeof value === 'string');
      const near = typeof data === 'string' ? nearest(data, texts) : undefined;
      return at(
        `${shownValue(data)} is not one of ` +
          `${allowed.slice(0, MOST_ALLOWED).map(shownValue).join(', ')}${near === undefined ? '' : `, did you mean ${shownText(near)}?`}`,
        {
          allowed: allowed.slice(0, MOST_ALLOWED).flatMap((value) => shown(value) ?? []),
          ...defined({ nearest: near }),
        },
      );
    }
    case 'type':
      return at(`${shownValue(data)} is not of type ${String(facts.type).replaceAll(',', ' or ')}`);
    case 'format': {
      const format = String(facts.format);
      const why = typeof data === 'string' ? inputFault(format, data) : undefined;
      if (why !== undefined)
        return at(`${shownValue(data)}: ${why}`, defined({ kind: kindOfFormat(format) }));
      return at(`${shownValue(data)} is not in the format ${cut(format)}`);
    }
    case 'pattern':
      return at(`${shownValue(data)} does not fit the pattern ${cut(String(facts.pattern))}`);
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return at(`${shownValue(data)} is not ${String(facts.comparison)} ${String(facts.limit)}`);
    case 'multipleOf':
      return at(`${shownValue(data)} is not a multiple of ${String(facts.multipleOf)}`);
    case 'minLength':
    case 'maxLength':
      return at(
        `has ${String(data).length} characters, ${boundOf(keyword)} ${String(facts.limit)} are allowed`,
        sizeOf(keyword),
      );
    case 'minItems':
    case 'maxItems':
      return at(
        `has ${lengthOf(data)} items, ${boundOf(keyword)} ${String(facts.limit)} are allowed`,
        sizeOf(keyword),
      );
    case 'items': // those after a tuple, which are none
      return at(`has ${lengthOf(data)} items, at most ${lengthOf(parentSchema?.prefixItems)} are allowed`, {
        kind: 'size',
      });
    case 'minProperties':
    case 'maxProperties':
      return at(
        `has ${lengthOf(data)} fields, ${boundOf(keyword)} ${String(facts.limit)} are allowed`,
        sizeOf(keyword),
      );
    case 'not': {
      const words = (parentSchema?.not as { readonly description?: unknown } | undefined)?.description;
      return at(`is what is not allowed${typeof words === 'string' ? `: ${cut(words)}` : ''}`);
    }
    default:
      return at(`does not fit ${keyword}`);
  }
}

const sizeOf = (keyword: string): Pick<ArgumentFault, 'kind'> =>
  keyword.startsWith('max') ? { kind: 'size' } : {};

const boundOf = (keyword: string): string => (keyword.startsWith('min') ? 'at least' : 'at most');

const lengthOf = (data: unknown): number =>
  Array.isArray(data) ? data.length : Object.keys(objectOf(data)).length;

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

const hintOf = (near: string | undefined, known: readonly string[]): string => {
  if (near !== undefined) return `, did you mean "${near}"?`;
  return known.length === 0
    ? ', there are none'
    : `, known are ${known.slice(0, MOST_ALLOWED).map(cut).join(', ')}`;
};

const cut = (text: string): string =>
  text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS)}…`;

/** What was given is known to whoever gave it: lists and objects are not told again. */
const isLarge = (data: unknown): boolean => typeof data === 'object' && data !== null;

/** Small enough to be shown again; a list or an object where it is short, as JSON. */
function shown(data: unknown): JsonValue | undefined {
  if (typeof data === 'string') return cut(data);
  if (!isLarge(data)) return data as JsonValue | undefined; // what is held to a schema, or stands in one, is JSON
  return JSON.stringify(data).length <= MOST_LETTERS ? (data as JsonValue) : undefined;
}

const shownValue = (value: unknown): string => {
  if (typeof value === 'string') return shownText(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
};

/** `/items/2/name` → `items[2].name`. */
function readable(pointer: string): string {
  const names = pointer.split('/').slice(1);
  return names
    .slice(-MOST_NAMES)
    .reduce((path, part) => join(path, cut(unescaped(part))), names.length > MOST_NAMES ? '…' : '');
}

function join(path: string, name: string): string {
  if (/^\d+$/.test(name)) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}
