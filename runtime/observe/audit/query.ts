import { checkField, checkFields, type FieldKind } from '../../vocabulary/check-fields.ts';
import { readLine } from './chain.ts';
import { linesOf } from './files.ts';

export interface AuditQuery {
  readonly run?: string;
  /** Id of a caller. */
  readonly caller?: string;
  /** Any of these. @default all */
  readonly kinds?: readonly string[];
  readonly tool?: string;
  /** Milliseconds since the epoch; records from then on. */
  readonly since?: number;
  /** The newest so many, 1..100,000. @default 100 */
  readonly limit?: number;
}

export interface AuditAnswer {
  /** Lines as they are written, the oldest first. */
  readonly lines: readonly string[];
  /** Lines that are not of an audit, which verify tells of. */
  readonly unreadable: number;
}

const MOST = 100_000;
const FIELDS: Readonly<Record<keyof AuditQuery, FieldKind>> = {
  run: 'text',
  caller: 'text',
  kinds: 'list',
  tool: 'text',
  since: 'any',
  limit: 'any',
};

/** Finds lines of an audit. It reads all files, and holds no more than it answers. @throws what the disk says. */
export async function queryAudit(dir: string, query: AuditQuery = {}): Promise<AuditAnswer> {
  checkField(dir, 'dir', 'text!', 'query the audit');
  checkFields(query, FIELDS, 'query the audit');
  const limit = Math.min(MOST, Math.max(1, query.limit ?? 100));
  let lines: string[] = [];
  let unreadable = 0;
  for await (const { bytes } of linesOf(dir)) {
    const text = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
    const line = readLine(text);
    if (line === undefined) unreadable += 1;
    else if (isWanted(line.record, query)) lines.push(text);
    if (lines.length >= 2 * limit) lines = lines.slice(-limit);
  }
  return { lines: lines.slice(-limit), unreadable };
}

function isWanted(
  { run, parent, caller, kind, tool, time }: Readonly<Record<string, unknown>>,
  query: AuditQuery,
): boolean {
  if (query.run !== undefined && run !== query.run && parent !== query.run) return false;
  if (query.caller !== undefined && caller !== query.caller) return false;
  if (query.kinds !== undefined && !query.kinds.includes(String(kind))) return false;
  if (query.tool !== undefined && tool !== query.tool) return false;
  return query.since === undefined || (typeof time === 'number' && time >= query.since);
}
