/* sandglass:tool
{
 "name": "json_query",
 "description": "Takes what a JSONata expression asks for out of JSON data: a path, a filter, sums, new objects",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "jsonata",
  "jsonpath",
  "select",
  "filter",
  "transform",
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
    "description": "JSONata: a.b[0].c, [-1] the last, items[price > 10].name, `a name`, **.name at any depth, $sum(items.price), items.{'id': id}. One match answers itself, several a list: [] after a step keeps the list",
    "minLength": 1,
    "maxLength": 10000
   }
  },
  "required": [
   "data",
   "path"
  ],
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000,
  "memoryBytes": 268435456,
  "fuel": 100000000000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "data": {
     "items": [
      {
       "name": "pen",
       "price": 2
      },
      {
       "name": "lamp",
       "price": 30
      },
      {
       "name": "desk",
       "price": 90
      }
     ]
    },
    "path": "items[price > 10].name"
   },
   "output": {
    "found": true,
    "value": [
     "lamp",
     "desk"
    ]
   }
  },
  {
   "input": {
    "data": {
     "items": [
      {
       "price": 1.5
      },
      {
       "price": 2
      }
     ]
    },
    "path": "$sum(items.price)"
   },
   "output": {
    "found": true,
    "value": 3.5
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
  },
  {
   "input": {
    "data": {
     "a": 1
    },
    "path": "b"
   },
   "output": {
    "found": false,
    "value": null
   }
  }
 ]
}
*/
import jsonata from 'jsonata';

export async function run({ data, path }) {
  let query;
  try {
    query = jsonata(path);
  } catch (error) {
    throw new Error(faultOf(error, path, 'read'));
  }
  refuseJsonPath(query.ast());
  holdDepth(query);
  let value;
  try {
    value = await query.evaluate(data);
  } catch (error) {
    throw new Error(faultOf(error, path, 'do'));
  }
  if (value === undefined) return { found: false, value: null };
  refuseWhatHasNoJson(value);
  return { found: true, value };
}

/** Steps within steps: a function that calls itself without end would fill the memory. */
const MOST_DEPTH = 2_000;

function holdDepth(query) {
  let depth = 0;
  query.assign(Symbol.for('jsonata.__evaluate_entry'), ({ position }) => {
    depth += 1;
    if (depth <= MOST_DEPTH) return;
    throw {
      code: 'depth',
      position,
      message: `over ${MOST_DEPTH} steps deep: a function calls itself without end. A call that is the last step of its function takes no depth`,
    };
  });
  query.assign(Symbol.for('jsonata.__evaluate_exit'), () => {
    depth -= 1;
  });
}

/** What is wrong, where, and what to do about it. What is no complaint of JSONata, a full stack or memory, ends the run by its own code. */
function faultOf(error, path, what) {
  const { message, position, code } = error ?? {};
  if (code === undefined) {
    // JSONata stumbles over the error of a memory so full that it is null.
    if (!/^Cannot .* of null/.test(message)) throw error;
    return 'Cannot do the expression: the memory of the run is full. It calls itself without end, or makes too much';
  }
  const end = typeof position === 'number' ? Math.min(position, path.length) : undefined;
  const place =
    end === undefined
      ? ''
      : ` at character ${end}, after ${JSON.stringify(path.slice(Math.max(0, end - 30), end))}`;
  return `Cannot ${what} the expression${place}: ${message}${what === 'read' ? hintOf(path, end) : ''}`;
}

/** What JSONPath, jq and JMESPath write otherwise. */
function hintOf(path, end = path.length) {
  const near = path.slice(Math.max(0, end - 3), end + 3);
  if (near.includes('..')) return '. Any depth is **: **.name';
  if (near.includes('?(')) return '. A filter is items[price > 10]';
  if (near.includes(' |')) return '. A value is passed on by ~>';
  if (near.includes('==')) return '. Equal is =';
  return /[&|]{2}/.test(near) ? '. Conditions are joined by and, or' : '';
}

/** JSONPath that JSONata reads, too, but as something else: it would answer wrongly without a word. */
function refuseJsonPath(tree) {
  const left = [tree];
  const seen = new Set();
  while (left.length > 0) {
    const node = left.pop();
    if (typeof node !== 'object' || node === null || seen.has(node)) continue;
    seen.add(node);
    for (const { type, expr } of [...(node.predicate ?? []), ...(node.stages ?? [])]) {
      if (type !== 'filter') continue;
      if (expr?.type === 'wildcard')
        throw new Error(
          `Cannot read the expression at character ${expr.position}: [*] is JSONPath. A step goes through every item of a list by itself: items.name; .* is every value of an object`,
        );
      if (expr?.type === 'string')
        throw new Error(
          `Cannot read the expression at character ${expr.position}: [${JSON.stringify(expr.value)}] is JSONPath. A name with other letters stands in backticks: .\`${expr.value}\``,
        );
    }
    left.push(...Object.values(node));
  }
}

function refuseWhatHasNoJson(value) {
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'function' || isLambda(next))
      throw new Error('Cannot answer: the expression gives a function. Call it: $sum(items.price)');
    if (typeof next === 'number' && !Number.isFinite(next))
      throw new Error(
        `Cannot answer: the expression gives ${next}, for which JSON has no number. Divide by what is not 0`,
      );
    if (typeof next === 'object' && next !== null) for (const inner of Object.values(next)) left.push(inner);
  }
}

const isLambda = (value) =>
  typeof value === 'object' &&
  (typeof value?.implementation === 'function' ||
    (typeof value?.environment === 'object' && value._jsonata_lambda === true));
