import * as fs from 'sandglass:host/fs@0.1.0';
import { parseCsv } from './parse-csv.ts';

interface Input {
  path: string;
  columns?: string[];
}

interface Column {
  name: string;
  count: number;
  missing: number;
  distinct: number;
  minimum?: number;
  maximum?: number;
  mean?: number;
  median?: number;
}

export function run({ path, columns }: Input): { rows: number; columns: Column[] } {
  if (typeof path !== 'string') throw new TypeError('path must be a string');
  const [header = [], ...rows] = parseCsv(fs.readText(path));
  const unknown = columns?.find((name) => !header.includes(name));
  if (unknown !== undefined)
    throw new Error(`Cannot find column "${unknown}": the file has ${header.join(', ')}`);
  const wanted = header.flatMap((name, index) =>
    columns === undefined || columns.includes(name) ? [{ name, index }] : [],
  );
  return {
    rows: rows.length,
    columns: wanted.map(({ name, index }) =>
      describeColumn(
        name,
        rows.map((row) => row[index] ?? ''),
      ),
    ),
  };
}

function describeColumn(name: string, values: string[]): Column {
  const present = values.filter((value) => value !== '');
  const column: Column = {
    name,
    count: present.length,
    missing: values.length - present.length,
    distinct: new Set(present).size,
  };
  const numbers = present.map(Number);
  if (numbers.length === 0 || numbers.some(Number.isNaN)) return column;
  const sorted = Float64Array.from(numbers).sort();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const lower = sorted[middle - 1] ?? upper;
  return {
    ...column,
    minimum: sorted[0] ?? 0,
    maximum: sorted[sorted.length - 1] ?? 0,
    mean: numbers.reduce((sum, value) => sum + value, 0) / numbers.length,
    median: sorted.length % 2 === 1 ? upper : (lower + upper) / 2,
  };
}
