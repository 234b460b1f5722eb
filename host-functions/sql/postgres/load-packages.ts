import type pgModule from 'pg';
import type CursorClass from 'pg-cursor';

/** What talks to PostgreSQL, and its parser. They are optional: most runtimes have no database. */
export interface PostgresPackages {
  readonly pg: typeof pgModule;
  readonly Cursor: typeof CursorClass;
  /** @throws when the text is not SQL. */
  readonly parse: (text: string) => Promise<unknown>;
}

export const INSTALL = 'npm install pg pg-cursor libpg-query';

/** @returns the name of the first that is not installed. */
export async function loadPostgresPackages(): Promise<PostgresPackages | string> {
  const packages = ['pg', 'pg-cursor', 'libpg-query'] as const;
  const loaded = await Promise.allSettled([
    import('pg'),
    import('pg-cursor'),
    import('libpg-query'),
  ] as const);
  const [client, cursor, parser] = loaded;
  if (client.status === 'fulfilled' && cursor.status === 'fulfilled' && parser.status === 'fulfilled')
    return {
      pg: client.value.default,
      Cursor: cursor.value.default,
      parse: (text) => parser.value.parse(text),
    };
  const missing = loaded.findIndex(({ status }) => status === 'rejected');
  return packages[missing] ?? packages[0];
}
