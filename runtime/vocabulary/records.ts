import { SLICE, type Slices } from './in-slices.ts';
import { type JsonObject, type JsonValue, setOwn } from './json.ts';
import { fieldsWeigh } from './size-of-json.ts';

/**
 * Rows of a table as objects by column, in slices. `read` makes the value of a cell; `slices` those of cells whose value is much work, and `weigh`
 * says how many parts of a slice others are.
 */
export function* recordsOf<Cell>(
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
  read: (cell: Cell, column: number) => JsonValue,
  {
    slices = () => undefined,
    weigh = () => 0,
  }: {
    readonly slices?: (cell: Cell, column: number) => Slices<JsonValue> | undefined;
    readonly weigh?: (cell: Cell) => number;
  } = {},
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
      if (cell === undefined) {
        setOwn(record, name, null);
        continue;
      }
      const large = slices(cell, column);
      parts += weigh(cell);
      if (parts > SLICE || large !== undefined) {
        parts = weight;
        yield;
      }
      setOwn(record, name, large === undefined ? read(cell, column) : yield* large);
    }
    records.push(record);
  }
  return records;
}
