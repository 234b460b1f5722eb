import { inSlices, SLICE, type Slices } from '../../vocabulary/in-slices.ts';
import { parseJson } from '../../vocabulary/json-read.ts';
import type { SqliteError, SqliteResult, SqlValue } from './request.ts';

interface WrittenResult extends Omit<SqliteResult, 'rows'> {
  readonly rows: readonly (readonly unknown[])[];
}

interface Written {
  readonly results?: readonly WrittenResult[];
  readonly error?: SqliteError;
}

export type SqliteAnswer =
  | { readonly ok: true; readonly results: readonly SqliteResult[] }
  | { readonly ok: false; readonly error: SqliteError };

/** What `guest-tools/sqlite/main.c` wrote. A large answer is read with turns for others. */
export async function readAnswer(text: string): Promise<SqliteAnswer> {
  const { error, results = [] } = (await parseJson(text)) as unknown as Written; // nobody else writes it
  if (error !== undefined) return { ok: false, error };
  return { ok: true, results: await inSlices(resultsOf(results)) };
}

function* resultsOf(written: readonly WrittenResult[]): Slices<SqliteResult[]> {
  const results: SqliteResult[] = [];
  let parts = 0;
  for (const result of written) {
    const rows: SqlValue[][] = [];
    for (const row of result.rows) {
      parts += 1 + row.length;
      if (parts > SLICE) {
        parts = row.length;
        yield;
      }
      rows.push(row.map(sqlValue));
    }
    results.push({ ...result, rows });
  }
  return results;
}

function sqlValue(value: unknown): SqlValue {
  if (typeof value !== 'object' || value === null) return value as SqlValue; // a number, a text, or null
  const { $int, $blob, $real } = value as Readonly<Record<string, string | undefined>>;
  if ($int !== undefined) return BigInt($int);
  return $blob === undefined ? Number($real) : bytesOf($blob);
}

const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
