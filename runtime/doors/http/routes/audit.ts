import { defined } from '../../../vocabulary/defined.ts';
import type { JsonObject } from '../../../vocabulary/json.ts';
import { checkOwnKey } from '../own-key.ts';
import { readNumber } from '../read-query.ts';
import type { Route } from '../route.ts';
import { json } from '../schemas.ts';

/** What lines of an audit are asked for. */
export interface AuditFilter {
  readonly run?: string;
  readonly caller?: string;
  readonly kinds?: readonly string[];
  readonly tool?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
  readonly limit: number;
}

/** Finds lines: JSON objects as they are written, the oldest first. */
export type FindAudit = (
  filter: AuditFilter,
) => Promise<{ readonly lines: readonly string[]; readonly unreadable: number }>;

const MOST_LINES = 1_000;

/** `GET /v1/audit`: lines of the audit, for whoever has the server's own key. */
export function auditRoutes(find: FindAudit): readonly Route[] {
  /** All files are read for an answer: one after the other. */
  let before: Promise<unknown> = Promise.resolve();
  const text = { in: 'query', schema: { type: 'string' } } as const;
  return [
    {
      method: 'get',
      path: '/v1/audit',
      operation: {
        id: 'queryAudit',
        tag: 'server',
        summary: 'The newest lines of the audit that all conditions fit, the oldest of them first',
        parameters: {
          run: { ...text, description: 'Of this run, and of those nested in it' },
          caller: { ...text, description: 'Of this caller' },
          kind: { ...text, description: 'Of these kinds, separated by commas' },
          tool: { ...text, description: 'Of this tool' },
          since: {
            in: 'query',
            schema: { type: 'integer', minimum: 0 },
            description: 'From then on, milliseconds since the epoch',
          },
          limit: {
            in: 'query',
            schema: { type: 'integer', minimum: 1, maximum: MOST_LINES, default: 100 },
            description: 'The newest so many',
          },
        },
        answers: { 200: { description: 'Lines as they are written', content: json({ type: 'object' }) } },
      },
      handle: async (context) => {
        checkOwnKey(context, 'the audit is of all callers together');
        const query = (name: string): string | undefined => context.req.query(name);
        const filter: AuditFilter = {
          limit: readNumber(context, 'limit', { minimum: 1, maximum: MOST_LINES }) ?? 100,
          ...defined({
            run: query('run'),
            caller: query('caller'),
            kinds: query('kind')?.split(','),
            tool: query('tool'),
            since: readNumber(context, 'since', { minimum: 0, maximum: 1e15 }),
          }),
        };
        const found = before.then(() => find(filter));
        before = found.catch(() => undefined); // whoever asked is told
        const { lines, unreadable } = await found;
        return context.json({ lines: lines.map((line) => JSON.parse(line) as JsonObject), unreadable });
      },
    },
  ];
}
