import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { endText, readEnd, readLine } from '../../observe/audit/chain.ts';
import { queryAudit } from '../../observe/audit/query.ts';
import { verifyAudit } from '../../observe/audit/verify.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { CommandContext } from './command.ts';
import type { ParsedArguments } from './flags.ts';
import { parseWhole } from './quantities.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** What a table shows of one text. */
const MOST_SHOWN = 60;

/** Answers 1 when something is wrong with the lines. @throws {UsageError} */
export async function verify({ terminal }: CommandContext, parsed: ParsedArguments): Promise<number> {
  const dir = await folderOf(parsed, terminal);
  const head = parsed.one('head');
  const kept = head === undefined ? undefined : readEnd(head);
  if (head !== undefined && kept === undefined)
    throw new UsageError(
      `Cannot read --head=${head.slice(0, 80)}: expected NUMBER:HASH`,
      'sandglass audit verify prints it',
    );
  const report = await verifyAudit(dir, { ...defined({ head: kept }), partial: parsed.has('partial') });
  if (parsed.has('json')) terminal.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    for (const { file, line, reason } of report.breaches)
      terminal.stdout.write(`${file}${line === 0 ? '' : `:${line}`}: ${reason}\n`);
    const found =
      report.breaches.length === 0 ? 'nothing is wrong' : `${report.breaches.length} things are wrong`;
    terminal.stdout.write(`${report.lines} lines in ${report.files} files: ${found}\n`);
    terminal.stdout.write(`Last line: ${endText(report.last)}\n`);
  }
  return report.ok ? 0 : 1;
}

/** @throws {UsageError} */
export async function query({ terminal }: CommandContext, parsed: ParsedArguments): Promise<number> {
  const dir = await folderOf(parsed, terminal);
  const kinds = parsed.all('kind').flatMap((kind) => kind.split(','));
  const since = parsed.one('since');
  const { lines, unreadable } = await queryAudit(dir, {
    limit: parseWhole('--limit', parsed.one('limit') ?? '100', 1, 100_000),
    ...defined({
      run: parsed.one('run'),
      caller: parsed.one('caller'),
      kinds: kinds.length === 0 ? undefined : kinds,
      tool: parsed.one('tool'),
      since: since === undefined ? undefined : timeOf(since, Date.now()),
    }),
  });
  if (parsed.has('json')) terminal.stdout.write(lines.map((line) => `${line}\n`).join(''));
  else if (lines.length === 0) terminal.stdout.write('No such lines\n');
  else
    terminal.stdout.write(
      `${table([['time', 'kind', 'run', 'caller', 'what', 'decision', 'code'], ...lines.map(rowOf)])}\n`,
    );
  if (unreadable > 0)
    terminal.stderr.write(
      `${unreadable} lines are not of an audit: sandglass audit verify ${parsed.positionals[0]}\n`,
    );
  return 0;
}

function rowOf(text: string): readonly string[] {
  const { record = {} } = readLine(text) ?? {};
  const { time, kind, run, caller, decision, ok, code } = record;
  return [
    typeof time === 'number' && Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : '',
    shown(kind),
    shown(run),
    shown(caller),
    whatOf(record),
    shown(decision ?? (ok === undefined ? '' : ok)),
    shown(code),
  ];
}

/** What a line is about, in a few words. */
function whatOf(record: Readonly<Record<string, unknown>>): string {
  const { tool, operation, resource, engine, stage, count } = record;
  const about = typeof resource === 'object' && resource !== null ? Object.values(resource) : [];
  return shown(
    [
      tool,
      operation,
      ...about,
      operation === undefined && tool === undefined ? engine : undefined,
      stage,
      count,
    ]
      .filter((part) => typeof part === 'string' || typeof part === 'number')
      .join(' '),
  );
}

/** A text from a file that anybody may have changed: no control characters, no line feeds, not long. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = String(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

async function folderOf({ positionals }: ParsedArguments, { cwd }: Pick<Terminal, 'cwd'>): Promise<string> {
  const [dir, other] = positionals;
  if (dir === undefined)
    throw new UsageError(
      'Nothing to read: give the folder of an audit',
      'sandglass serve --audit=DIR writes one',
    );
  if (other !== undefined) throw new UsageError(`Cannot use "${other}": one folder at a time`);
  const found = await stat(resolve(cwd, dir)).catch(() => undefined); // the reason is told below
  if (found?.isDirectory() === true) return resolve(cwd, dir);
  throw new UsageError(
    `Cannot read the audit "${dir}": there is no such folder`,
    'sandglass serve --audit=DIR writes one',
  );
}

/** A point in time, or how long ago it was. @throws {UsageError} */
function timeOf(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = UNITS[unit ?? ''];
  if (count !== undefined && ms !== undefined) return now - Number(count) * ms;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(
      `Cannot read --since=${text.slice(0, 80)}: expected a time`,
      'E.g. --since=2026-05-01, --since=2026-05-01T12:00:00Z, --since=12h',
    );
  return time;
}
