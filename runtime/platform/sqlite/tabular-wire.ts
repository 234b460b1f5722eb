import type { TabularWire } from '../../contracts/operations/tabular.ts';
import { LIMITS } from '../../vocabulary/limits.ts';
import { encodeRequest } from './encode-request.ts';
import { doneOf } from './open-sqlite.ts';
import { readAnswer } from './read-answer.ts';

/** Requests to a guest that is made for one of them: it may write, for what it writes is gone with it. */
export const tabularWire: TabularWire = {
  encode: (statements, maxRows, maxBytes) =>
    encodeRequest({ statements, write: true, maxRows, maxBytes, timeoutMs: LIMITS.timeoutMs.maximum }, ''),
  read: async (stdout) => {
    const answer = await readAnswer(stdout);
    if (!answer.ok) return answer;
    const last = answer.results.at(-1);
    if (last === undefined) throw new Error('SQLite answered nothing'); // there is one for each statement
    return { ...(await doneOf(last)), changes: last.changes };
  },
};
