import { SLICE, type Slices } from './in-slices.ts';
import { type JsonObject, type JsonValue, setOwn } from './json.ts';
import { fieldsWeigh } from './size-of-json.ts';

/** Rows of a table as objects by column, in slices. `read` makes the value of a cell. */
export function* recordsOf<Cell>(
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
  read: (cell: Cell, column: number) => JsonValue,
): Slices<JsonObject[]> {
  const records: JsonObject[] = [];
  const weight = 1 + fieldsWeigh(names.length);
  let parts = 0;
  for (const row of rows) {
    parts += weight;
    if (parts > SLICE) {
      parts = weight;
      yield;
    }
    const record: Record<string, JsonValue> = {};
    for (const [column, name] of names.entries()) {
      const cell = row[column];
      setOwn(record, name, cell === undefined ? null : read(cell, column));
    }
    records.push(record);
  }
  return records;
}
