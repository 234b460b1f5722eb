/* sandglass:tool
{
 "name": "json_query",
 "description": "Takes a part of JSON data by a path like items[0].name, items[*].price or ..name",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "jsonpath",
  "select",
  "extract"
 ],
 "input": {
  "type": "object",
  "properties": {
   "data": {
    "description": "Any JSON value"
   },
   "path": {
    "type": "string",
    "description": "Names after dots or in brackets, [n] from 0, [-1] the last, [*] or .* all, ..name at any depth",
    "maxLength": 2000
   }
  },
  "required": [
   "data",
   "path"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "examples": [
  {
   "input": {
    "data": {
     "items": [
      {
       "p": 1
      },
      {
       "p": 2
      }
     ]
    },
    "path": "items[*].p"
   },
   "output": {
    "values": [
     1,
     2
    ],
    "count": 2
   }
  },
  {
   "input": {
    "data": {
     "a": [
      {
       "b": 7
      }
     ]
    },
    "path": "a[0].b"
   },
   "output": {
    "found": true,
    "value": 7
   }
  }
 ]
}
*/
const MOST = 100_000;

export function run({ data, path }) {
  let found = [data];
  let many = false;
  for (const step of stepsOf(path)) {
    found = found.flatMap((value) => take(value, step));
    many ||= step.kind !== 'name' && step.kind !== 'index';
    if (found.length > MOST) throw new Error(`Cannot query the data: over ${MOST} values fit`);
  }
  return many ? { values: found, count: found.length } : { found: found.length > 0, value: found[0] ?? null };
}

function stepsOf(path) {
  const steps = [];
  const pattern =
    /\s*(?:\.\.([\p{L}\p{N}_$-]+)|\.?\*|\.?([\p{L}\p{N}_$-]+)|\[(-?\d+)\]|(\[\*\])|\[("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\])/uy;
  let at = path.startsWith('$') && !/^[\p{L}\p{N}_$]/u.test(path.slice(1)) ? 1 : 0;
  if (path[at] === '.' && path.length === at + 1) return steps;
  while (at < path.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(path);
    if (match === null)
      throw new Error(
        `Cannot read the path at ${JSON.stringify(path.slice(at, at + 20))}, character ${at + 1}: expected .name, [0], [*], ..name or ["a name"]`,
      );
    const [, deep, name, index, , quoted] = match;
    if (deep !== undefined) steps.push({ kind: 'deep', name: deep });
    else if (name !== undefined) steps.push({ kind: 'name', name });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (quoted !== undefined)
      steps.push({ kind: 'name', name: quoted.slice(1, -1).replace(/\\(.)/g, '$1') });
    else steps.push({ kind: 'all' });
    at = pattern.lastIndex;
  }
  return steps;
}

function take(value, step) {
  const isObject = typeof value === 'object' && value !== null;
  if (step.kind === 'index') {
    const item = Array.isArray(value) ? value.at(step.index) : undefined;
    return item === undefined ? [] : [item];
  }
  if (step.kind === 'name') return isObject && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
  if (step.kind === 'all') return isObject ? Object.values(value) : [];
  const found = [];
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next) && Object.hasOwn(next, step.name)) found.push(next[step.name]);
    left.push(...Object.values(next).reverse());
  }
  return found;
}
