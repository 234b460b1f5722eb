/* sandglass:tool
{
 "name": "csv_query",
 "description": "Reads CSV text: chooses columns, filters and sorts rows, counts and sums groups",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "csv",
  "table",
  "filter",
  "group"
 ],
 "input": {
  "type": "object",
  "properties": {
   "csv": {
    "type": "string",
    "description": "CSV with a header line"
   },
   "delimiter": {
    "type": "string",
    "description": "Between fields",
    "minLength": 1,
    "maxLength": 1,
    "default": ","
   },
   "columns": {
    "type": "array",
    "items": {
     "type": "string"
    },
    "maxItems": 1000,
    "description": "Only these columns"
   },
   "where": {
    "type": "array",
    "maxItems": 50,
    "items": {
     "type": "object",
     "properties": {
      "column": {
       "type": "string",
       "description": "Name"
      },
      "is": {
       "type": "string",
       "enum": [
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "contains"
       ],
       "description": "How it is compared: as numbers where both are"
      },
      "value": {
       "type": [
        "string",
        "number"
       ],
       "description": "With what"
      }
     },
     "required": [
      "column",
      "is",
      "value"
     ],
     "additionalProperties": false
    },
    "description": "Rows that fit all of these"
   },
   "groupBy": {
    "type": "string",
    "description": "Column whose values make groups; each is answered with count, and sum and mean of number columns"
   },
   "sortBy": {
    "type": "string",
    "description": "Column"
   },
   "descending": {
    "type": "boolean",
    "description": "Largest first",
    "default": false
   },
   "limit": {
    "type": "integer",
    "description": "Most rows",
    "minimum": 0,
    "maximum": 100000,
    "default": 1000
   }
  },
  "required": [
   "csv"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "pipe": "csv",
 "examples": [
  {
   "input": {
    "csv": "city,n\na,1\nb,5\na,3\n",
    "where": [
     {
      "column": "n",
      "is": ">",
      "value": 2
     }
    ],
    "columns": [
     "city"
    ]
   },
   "output": {
    "columns": [
     "city"
    ],
    "rows": [
     {
      "city": "b"
     },
     {
      "city": "a"
     }
    ],
    "matched": 2,
    "total": 3
   }
  }
 ]
}
*/
export function run({ csv, delimiter, columns, where = [], groupBy, sortBy, descending, limit }) {
  const [names = [], ...rows] = parse(csv.replace(/^\ufeff/, ''), delimiter);
  const header = unique(names);
  const indexOf = (name) => {
    const at = header.indexOf(name);
    if (at < 0)
      throw new Error(
        `Cannot query the table: there is no column ${JSON.stringify(name)}; there are: ${header.slice(0, 50).join(', ')}`,
      );
    return at;
  };
  const tests = where.map(({ column, is, value }) => ({ at: indexOf(column), is, value }));
  let found = rows.filter((row) =>
    tests.every(({ at, is, value }) =>
      COMPARE[is](order(row[at] ?? '', String(value)), row[at] ?? '', String(value)),
    ),
  );
  const matched = found.length;
  if (groupBy !== undefined)
    return group(found, header, indexOf(groupBy), { indexOf, sortBy, descending, limit, matched });
  if (sortBy !== undefined) {
    const at = indexOf(sortBy);
    found = found.toSorted((one, other) => (descending ? -1 : 1) * order(one[at] ?? '', other[at] ?? ''));
  }
  const chosen = (columns ?? header).map((name) => [name, indexOf(name)]);
  return {
    columns: chosen.map(([name]) => name),
    rows: found
      .slice(0, limit)
      .map((row) => Object.fromEntries(chosen.map(([name, at]) => [name, row[at] ?? '']))),
    matched,
    total: rows.length,
  };
}

/** Names of columns: one that is there twice would hide a value, so the second gets a number. */
function unique(names) {
  const taken = new Set(names);
  const seen = new Set();
  return names.map((name) => {
    if (!seen.has(name)) return seen.add(name) && name;
    let count = 2;
    while (taken.has(`${name}_${count}`)) count += 1;
    taken.add(`${name}_${count}`);
    return `${name}_${count}`;
  });
}

const COMPARE = {
  '=': (sign) => sign === 0,
  '!=': (sign) => sign !== 0,
  '<': (sign) => sign < 0,
  '<=': (sign) => sign <= 0,
  '>': (sign) => sign > 0,
  '>=': (sign) => sign >= 0,
  contains: (_sign, text, part) => text.includes(part),
};

const isNumber = (text) => text.trim() !== '' && Number.isFinite(Number(text));
const order = (one, other) => {
  if (isNumber(one) && isNumber(other)) return Math.sign(Number(one) - Number(other));
  return one < other ? -1 : one > other ? 1 : 0;
};

function group(rows, header, at, { sortBy, descending, limit, matched }) {
  const groups = new Map();
  for (const row of rows) {
    const key = row[at] ?? '';
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [row]);
    else known.push(row);
  }
  const numeric = header.flatMap((name, index) =>
    index !== at && rows.some((row) => isNumber(row[index] ?? '')) ? [[name, index]] : [],
  );
  const told = [...groups].map(([key, some]) => ({
    [header[at]]: key,
    count: some.length,
    ...Object.fromEntries(
      numeric.map(([name, index]) => {
        const values = some
          .map((row) => row[index] ?? '')
          .filter(isNumber)
          .map(Number);
        const sum = values.reduce((total, value) => total + value, 0);
        return [name, { sum, mean: values.length === 0 ? null : sum / values.length }];
      }),
    ),
  }));
  const value = (one) =>
    typeof one[sortBy] === 'object' ? String(one[sortBy].sum) : String(one[sortBy] ?? '');
  const sorted =
    sortBy === undefined
      ? told
      : told.toSorted((one, other) => (descending ? -1 : 1) * order(value(one), value(other)));
  return { groups: sorted.slice(0, limit), matched };
}

/** RFC 4180: quotes, doubled quotes, line breaks in fields. Empty lines are none. */
function parse(text, delimiter) {
  const rows = [];
  let row = [];
  let field = '';
  let at = 0;
  const endRow = () => {
    row.push(field);
    field = '';
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  while (at < text.length) {
    const letter = text[at];
    if (letter === '"' && field === '') {
      for (at += 1; ; ) {
        const end = text.indexOf('"', at);
        if (end < 0) throw new Error(`Cannot read the CSV: a quote in row ${rows.length + 1} is not closed`);
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at += 1;
      }
      continue;
    }
    if (letter === delimiter) {
      row.push(field);
      field = '';
    } else if (letter === '\n') endRow();
    else if (letter !== '\r' || text[at + 1] !== '\n') field += letter;
    at += 1;
  }
  if (field !== '' || row.length > 0) endRow();
  return rows;
}
