import { describe, expect, test } from 'vitest';
import type { ModuleSession, ModuleSessionOptions } from '../../runtime/index.ts';
import { createSqliteGuests } from '../../runtime/platform/sqlite/sqlite-guest.ts';

const REQUEST = {
  statements: [{ sql: 'select 1' }],
  write: false,
  maxRows: 1,
  maxBytes: 100,
  timeoutMs: 1_000,
};
const ANSWER = { ok: true, stdout: JSON.stringify({ results: [] }), usage: { fuel: 1 } };

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const folderOf = (options: Pick<ModuleSessionOptions, 'grant'>): string => {
  const [mount] = [options.grant?.fs].flat() as readonly { readonly host?: string }[];
  return mount?.host ?? '';
};

/** A database whose path leads into another folder at each call, and guests that take a while to be opened. */
function moving() {
  let calls = 0;
  /** Folder of the grant, and file that was asked for, of each call. */
  const served: (readonly [folder: string, file: string])[] = [];
  const closed: string[] = [];
  const guest = createSqliteGuests({
    load: async () => {
      await nextTurn();
      return new Uint8Array();
    },
    locate: async () => {
      calls += 1;
      const at = calls;
      await nextTurn();
      return { key: `/${at % 2}/${at}.db`, folder: `/${at % 2}`, name: `${at}.db` };
    },
    runtime: () =>
      ({
        sessions: {
          open: async (options: ModuleSessionOptions) => {
            await nextTurn();
            return {
              run: async ({ stdin }: { readonly stdin: Uint8Array }) => {
                await nextTurn();
                const file = /\/db\/(\d+\.db)/.exec(new TextDecoder('latin1').decode(stdin))?.[1] ?? '';
                served.push([folderOf(options), file]);
                return ANSWER;
              },
              close: async () => void closed.push(folderOf(options)),
            } as unknown as ModuleSession;
          },
        },
      }) as never,
  }).inFile('/link/x.db');
  return { guest, served, closed };
}

describe('a database whose path leads elsewhere from one call to the next', () => {
  test('is opened in the folder of each call, also by calls at once', async () => {
    const { guest, served, closed } = moving();
    await Promise.all(Array.from({ length: 12 }, () => guest.ask(REQUEST)));
    expect(served).toHaveLength(12);
    for (const [folder, file] of served) expect(folder).toBe(`/${Number.parseInt(file, 10) % 2}`);
    await guest.close();
    expect(closed.toSorted()).toEqual(expect.arrayContaining(['/0', '/1']));
  });
});
