/* sandglass:tool
{
 "name": "csv_query",
 "description": "SQL over tables of CSV and JSON, with joins; or columns, filters, sorts and groups of one CSV without SQL",
 "version": "1.0.0",
 "category": "data",
 "keywords": [
  "csv",
  "sql",
  "join",
  "table",
  "filter",
  "group"
 ],
 "input": {
  "type": "object",
  "properties": {
   "csv": {
    "type": "string",
    "description": "CSV with a header line; in SQL the table data"
   },
   "sql": {
    "type": "string",
    "description": "One SELECT of SQLite over data and the tables. Columns of numbers are numbers and their empty fields NULL; other names than letters, digits and _ stand in \"double quotes\"",
    "minLength": 1,
    "maxLength": 100000
   },
   "tables": {
    "type": "object",
    "description": "For SQL: name to CSV text, JSON text or a list of objects; of the name of a file its stem: sales.csv is sales",
    "maxProperties": 50,
    "additionalProperties": {
     "type": [
      "string",
      "array"
     ]
    }
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
  "additionalProperties": false
 },
 "limits": {
  "timeoutMs": 60000,
  "memoryBytes": 268435456,
  "fuel": 100000000000,
  "outputBytes": 16777216,
  "hostCallBytes": 67108864
 },
 "idempotent": true,
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
  },
  {
   "input": {
    "sql": "SELECT name, sum(amount) AS spent FROM orders JOIN people ON people.id = orders.person GROUP BY name ORDER BY spent DESC",
    "tables": {
     "orders.csv": "person,amount\n1,10.5\n2,3\n1,2\n",
     "people": [
      {
       "id": 1,
       "name": "Zoë"
      },
      {
       "id": 2,
       "name": "Ed"
      }
     ]
    }
   },
   "output": {
    "columns": [
     "name",
     "spent"
    ],
    "rows": [
     {
      "name": "Zoë",
      "spent": 12.5
     },
     {
      "name": "Ed",
      "spent": 3
     }
    ],
    "truncated": false,
    "notes": []
   }
  }
 ]
}
*/
export function run({ sql, tables = {}, ...asked }) {
  if (sql !== undefined) return select(sql, tables, asked);
  if (Object.keys(tables).length > 0) throw new Error('Cannot query the tables: give "sql", one SELECT');
  if (asked.csv === undefined) throw new Error('Cannot query: give "csv", or "sql" with "tables"');
  return choose(asked);
}

function choose({ csv, delimiter, columns, where = [], groupBy, sortBy, descending, limit }) {
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

async function select(sql, given, { csv, delimiter, limit, ...others }) {
  const other = ['columns', 'where', 'groupBy', 'sortBy'].find((name) => others[name] !== undefined);
  if (other !== undefined)
    throw new Error(`Cannot query the tables: "${other}" is for one CSV without "sql"; say it in the SQL`);
  const sources = [...(csv === undefined ? [] : [['data', csv]]), ...Object.entries(given)];
  const tables = [];
  const notes = [];
  for (const [title, source] of sources) {
    const name = stemOf(title);
    if (tables.some((table) => table.name.toLowerCase() === name.toLowerCase()))
      throw new Error(`Cannot query the tables: two are called ${JSON.stringify(name)}`);
    const { columns, rows } = isRows(source)
      ? ofObjects(source, name)
      : ofCsv(source, name, delimiter, notes);
    if (columns.length === 0)
      throw new Error(
        `Cannot query table ${JSON.stringify(name)}: it is empty, and so has no columns to ask for`,
      );
    tables.push({ name, columns, rows });
  }
  try {
    return { ...(await sandglass.call('tabular.query', { tables, sql, maxRows: limit })), notes };
  } catch (error) {
    if (error.code !== 'INPUT_INVALID') throw error;
    throw new Error(`Cannot query the tables: ${error.details?.reason ?? error.message}`);
  }
}

const stemOf = (title) => title.replace(/^.*[\\/]/s, '').replace(/\.(?:csv|tsv|json|txt)$/i, '') || title;
const isRows = (source) => typeof source !== 'string' || /^\ufeff?\s*\[\s*[{\]]/.test(source);

/** A column of numbers alone is one: `007`, `1,5` and what has more digits than a number holds are texts. */
function ofCsv(csv, name, delimiter, notes) {
  const [names = [], ...rows] = parse(csv.replace(/^\ufeff/, ''), delimiter);
  const odd = rows.findIndex((row) => row.length !== names.length);
  if (odd >= 0)
    notes.push(
      `Table ${name}: row ${odd + 1} has ${rows[odd].length} fields, the header ${names.length}. Of ${rows.filter((row) => row.length !== names.length).length} such rows missing fields are NULL, others left out`,
    );
  const types = names.map((_, at) => typeIn(rows, at));
  for (const row of rows) {
    row.length = names.length;
    for (let at = 0; at < names.length; at += 1) {
      const text = row[at];
      if (text === undefined) row[at] = null;
      else if (types[at] !== 'TEXT') row[at] = text.trim() === '' ? null : Number(text);
    }
  }
  const told = names.map((column, at) => (column.trim() === '' ? `column_${at + 1}` : column));
  return {
    columns: insensitive(told).map((column, at) => ({ name: column, type: types[at] })),
    rows: JSON.stringify(rows),
  };
}

function typeIn(rows, at) {
  let type = '';
  for (const row of rows) {
    const kind = kindOf(row[at] ?? '');
    if (kind === 'TEXT') return 'TEXT';
    if (kind !== '' && type !== 'REAL') type = kind;
  }
  return type || 'TEXT';
}

function kindOf(text) {
  const bare = text.trim();
  if (bare === '') return '';
  if (/^-?(?:0|[1-9]\d{0,14})$/.test(bare)) return 'INTEGER';
  const isReal = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?$/.test(bare);
  return isReal && Number.isFinite(Number(bare)) ? 'REAL' : 'TEXT';
}

/** Fields that hold lists or objects are their JSON; true is 1 and false 0, as SQLite has it. */
function ofObjects(source, name) {
  let list = source;
  if (typeof source === 'string') {
    try {
      list = JSON.parse(source.replace(/^\ufeff/, ''));
    } catch (error) {
      throw new Error(`Cannot read table ${JSON.stringify(name)} as JSON: ${error.message}`);
    }
  }
  const odd = list.findIndex((row) => typeof row !== 'object' || row === null || Array.isArray(row));
  if (odd >= 0)
    throw new Error(`Cannot read table ${JSON.stringify(name)}: item ${odd} of the list is no object`);
  const types = new Map();
  for (const row of list)
    for (const [key, value] of Object.entries(row)) {
      const known = types.get(key) ?? '';
      const type = typeOf(value);
      types.set(
        key,
        known === '' || type === '' ? known || type : known === type ? type : mixed(known, type),
      );
    }
  const keys = [...types.keys()];
  return {
    columns: insensitive(keys).map((column, at) => ({
      name: column,
      type: types.get(keys[at]).replace('MIXED', ''),
    })),
    rows: JSON.stringify(list.map((row) => keys.map((key) => (Object.hasOwn(row, key) ? row[key] : null)))),
  };
}

function typeOf(value) {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'INTEGER' : 'REAL';
  return typeof value === 'boolean' ? 'INTEGER' : 'TEXT';
}

const mixed = (one, other) => (one !== 'TEXT' && other !== 'TEXT' && one !== 'MIXED' ? 'REAL' : 'MIXED');

/** In SQL `a` and `A` are one name. */
function insensitive(names) {
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const seen = new Set();
  return names.map((name) => {
    let own = name;
    for (
      let count = 2;
      seen.has(own.toLowerCase()) || (count > 2 && taken.has(own.toLowerCase()));
      count += 1
    )
      own = `${name}_${count}`;
    seen.add(own.toLowerCase());
    return own;
  });
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
    if (row.length === 0 && field === '') {
      // Most lines have no quotes.
      const end = text.indexOf('\n', at);
      const line = text.slice(at, end < 0 ? text.length : end);
      if (!line.includes('"')) {
        if (line !== '' && line !== '\r')
          rows.push((end >= 0 && line.endsWith('\r') ? line.slice(0, -1) : line).split(delimiter));
        at += line.length + 1;
        continue;
      }
    }
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
