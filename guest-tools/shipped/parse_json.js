/* sandglass:tool
{
 "name": "parse_json",
 "description": "Parses JSON; a mistake is told with its line and column, and data can be held to a schema",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "json",
  "validate"
 ],
 "input": {
  "type": "object",
  "properties": {
   "json": {
    "type": "string",
    "description": "JSON text"
   },
   "schema": {
    "type": "object",
    "description": "JSON Schema of which type, enum, const, properties, required, additionalProperties, items, minimum, maximum, minLength, maxLength, minItems, maxItems, pattern are checked; others are refused"
   }
  },
  "required": [
   "json"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "pipe": "json",
 "examples": [
  {
   "input": {
    "json": "{\"a\":1}"
   },
   "output": {
    "valid": true,
    "data": {
     "a": 1
    },
    "errors": []
   }
  },
  {
   "input": {
    "json": "{\"a\":1}",
    "schema": {
     "type": "object",
     "properties": {
      "a": {
       "type": "string"
      }
     }
    }
   },
   "output": {
    "valid": false,
    "data": {
     "a": 1
    },
    "errors": [
     {
      "path": "a",
      "message": "expected string, got number"
     }
    ]
   }
  }
 ]
}
*/
export function run({ json, schema }) {
  let data;
  try {
    data = JSON.parse(json);
  } catch (error) {
    return { valid: false, data: null, errors: [faultOf(json, error)] };
  }
  const errors = schema === undefined ? [] : check(data, schema, '', []);
  return { valid: errors.length === 0, data, errors };
}

/** Where parsing stops, found by reading the text once more. */
function faultOf(text, error) {
  const at = stopsAt(text);
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  const what =
    at >= text.length
      ? 'the text ends too soon'
      : text[at] === '\ufeff'
        ? 'unexpected byte order mark'
        : `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(at)))}`;
  return {
    path: '',
    message: `${what} in line ${line}, column ${column}`,
    line,
    column,
    position: at,
    reason: error.message,
  };
}

/** The first character that cannot stand where it does. */
function stopsAt(text) {
  let at = 0;
  const blank = () => {
    while (at < text.length && ' \t\n\r'.includes(text[at])) at += 1;
  };
  const word = (expected) => {
    for (const letter of expected) {
      if (text[at] !== letter) return false;
      at += 1;
    }
    return true;
  };
  const string = () => {
    at += 1;
    for (;;) {
      const letter = text[at];
      if (letter === undefined || letter < ' ') return false;
      if (letter === '"') {
        at += 1;
        return true;
      }
      if (letter === '\\') {
        at += 1;
        if (text[at] === 'u') {
          for (let digit = 1; digit <= 4; digit += 1) {
            at += 1;
            if (!/[0-9a-f]/i.test(text[at] ?? '')) return false;
          }
        } else if (!'"\\/bfnrt'.includes(text[at] ?? ' ')) return false;
      }
      at += 1;
    }
  };
  const number = () => {
    const digits = () => {
      const from = at;
      while (/[0-9]/.test(text[at] ?? '')) at += 1;
      return at > from;
    };
    if (text[at] === '-') at += 1;
    if (text[at] === '0') at += 1;
    else if (!digits()) return false;
    if (text[at] === '.') {
      at += 1;
      if (!digits()) return false;
    }
    if (text[at] === 'e' || text[at] === 'E') {
      at += 1;
      if (text[at] === '+' || text[at] === '-') at += 1;
      if (!digits()) return false;
    }
    return true;
  };
  // Open brackets, and what may come next, in place of recursion: nesting costs no stack.
  const open = [];
  let wants = 'value';
  for (;;) {
    blank();
    const letter = text[at];
    if (wants === 'end' || letter === undefined) return at;
    if (wants === 'key') {
      if (letter === '}' && open.at(-1) === 'first') {
        at += 1;
        open.pop();
        wants = open.length === 0 ? 'end' : 'more';
        continue;
      }
      if (letter !== '"' || !string()) return at;
      blank();
      if (text[at] !== ':') return at;
      at += 1;
      open[open.length - 1] = '{';
      wants = 'value';
      continue;
    }
    if (wants === 'more') {
      const inside = open.at(-1);
      if (letter === ',') {
        at += 1;
        wants = inside === '{' ? 'key' : 'value';
        continue;
      }
      if (letter !== (inside === '{' ? '}' : ']')) return at;
      at += 1;
      open.pop();
      wants = open.length === 0 ? 'end' : 'more';
      continue;
    }
    if (letter === '{') {
      at += 1;
      open.push('first');
      wants = 'key';
      continue;
    }
    if (letter === '[') {
      at += 1;
      blank();
      if (text[at] === ']') at += 1;
      else {
        open.push('[');
        continue;
      }
    } else if (letter === '"') {
      if (!string()) return at;
    } else if (letter === 't' || letter === 'f' || letter === 'n') {
      if (!word({ t: 'true', f: 'false', n: 'null' }[letter])) return at;
    } else if (!number()) return at;
    wants = open.length === 0 ? 'end' : 'more';
  }
}

const KNOWN = new Set(
  'type enum const properties required additionalProperties items minimum maximum minLength maxLength minItems maxItems pattern description title default examples $schema $id $comment format'.split(
    ' ',
  ),
);
const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];
const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function check(value, schema, path, errors) {
  const add = (message) => errors.length < 100 && errors.push({ path, message });
  if (typeof schema === 'boolean') {
    if (!schema) add('nothing may stand here');
    return errors;
  }
  for (const key of Object.keys(schema))
    if (!KNOWN.has(key))
      throw new Error(
        `Cannot check the data: the keyword ${JSON.stringify(key)} of the schema is not one that parse_json checks`,
      );
  const type = typeOf(value);
  const types = schema.type === undefined ? undefined : [schema.type].flat();
  const odd = types?.find((one) => !TYPES.includes(one));
  if (odd !== undefined)
    throw new Error(
      `Cannot check the data: the schema has the type ${JSON.stringify(odd)}; types are ${TYPES.join(', ')}`,
    );
  if (
    types !== undefined &&
    !types.some((one) => one === type || (one === 'integer' && Number.isInteger(value)))
  )
    add(`expected ${types.join(' or ')}, got ${type}`);
  if (schema.enum !== undefined && !schema.enum.some((one) => same(one, value)))
    add(`expected one of ${JSON.stringify(schema.enum)}`);
  if ('const' in schema && !same(schema.const, value)) add(`expected ${JSON.stringify(schema.const)}`);
  if (type === 'number') {
    if (value < schema.minimum) add(`${value} is below ${schema.minimum}`);
    if (value > schema.maximum) add(`${value} is above ${schema.maximum}`);
  }
  if (type === 'string') {
    const length = [...value].length;
    if (length < schema.minLength) add(`has ${length} characters, under ${schema.minLength}`);
    if (length > schema.maxLength) add(`has ${length} characters, over ${schema.maxLength}`);
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
      add(`does not fit ${schema.pattern}`);
  }
  if (type === 'array') {
    if (value.length < schema.minItems) add(`has ${value.length} items, under ${schema.minItems}`);
    if (value.length > schema.maxItems) add(`has ${value.length} items, over ${schema.maxItems}`);
    if (schema.items !== undefined)
      for (const [index, item] of value.entries()) check(item, schema.items, `${path}[${index}]`, errors);
  }
  if (type === 'object') {
    const at = (name) => (path === '' ? name : `${path}.${name}`);
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(value, name)) errors.push({ path: at(name), message: 'is required and missing' });
    for (const [name, item] of Object.entries(value)) {
      if (Object.hasOwn(schema.properties ?? {}, name))
        check(item, schema.properties[name], at(name), errors);
      else if (schema.additionalProperties === false)
        errors.push({ path: at(name), message: 'is not a known field' });
      else if (typeof schema.additionalProperties === 'object')
        check(item, schema.additionalProperties, at(name), errors);
    }
  }
  return errors;
}
