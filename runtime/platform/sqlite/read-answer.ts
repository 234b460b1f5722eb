import type { SqliteError, SqliteResult, SqlValue } from './request.ts';

interface Written {
  readonly results?: readonly (Omit<SqliteResult, 'rows'> & {
    readonly rows: readonly (readonly unknown[])[];
  })[];
  readonly error?: SqliteError;
}

export type SqliteAnswer =
  | { readonly ok: true; readonly results: readonly SqliteResult[] }
  | { readonly ok: false; readonly error: SqliteError };

/** What `guest-tools/sqlite/main.c` wrote. */
export function readAnswer(text: string): SqliteAnswer {
  const { error, results = [] }: Written = JSON.parse(text);
  if (error !== undefined) return { ok: false, error };
  return {
    ok: true,
    results: results.map((result) => ({ ...result, rows: result.rows.map((row) => row.map(sqlValue)) })),
  };
}

function sqlValue(value: unknown): SqlValue {
  if (typeof value !== 'object' || value === null) return value as SqlValue; // a number, a text, or null
  const { $int, $blob, $real } = value as Readonly<Record<string, string | undefined>>;
  if ($int !== undefined) return BigInt($int);
  return $blob === undefined ? Number($real) : bytesOf($blob);
}

const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
