import type { ToolInfo } from '../../../contracts/api/tool-registry.ts';
import type { CommandContext } from '../command.ts';
import type { ParsedArguments } from '../flags.ts';
import { printable, styleFor } from '../style.ts';
import { table } from '../table.ts';
import { warnOfSkipped } from '../tool-flags.ts';
import { loadPath } from './target.ts';
import { withTools } from './with-tools.ts';

/** Lists tools, and answers the exit code. @throws {UsageError | SandglassError} */
export async function list(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { stdout, stderr, cwd } = context.terminal;
  const builtin = parsed.positionals.length === 0;
  return withTools(context, { builtin }, async (tools) => {
    const reports = [];
    for (const path of parsed.positionals) reports.push(await loadPath(path, tools, cwd));
    const query = parsed.one('search');
    const found = tools.list(query === undefined ? {} : { search: query });
    const skipped = reports.flatMap((report) => report.skipped);
    if (parsed.has('json')) {
      stdout.write(`${JSON.stringify({ tools: found, skipped })}\n`);
      return 0;
    }
    if (found.length > 0) stdout.write(`${table(rowsOf(found, stdout.columns ?? 160))}\n`);
    else stdout.write(query === undefined ? 'No tools\n' : 'No tool fits\n');
    warnOfSkipped({ registered: [], skipped }, stderr, styleFor(stderr, context.terminal));
    return 0;
  });
}

/** Descriptions by their first sentence, as far as the line has room. */
function rowsOf(tools: readonly ToolInfo[], columns: number): readonly (readonly string[])[] {
  const head = ['tool', 'kind', 'needs', 'description'];
  const rows = tools.map((tool) => [tool.name, kindOf(tool), needsOf(tool)]);
  const room = [0, 1, 2].reduce(
    (left, column) => left - 2 - Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
    columns,
  );
  return [
    head,
    ...rows.map((row, index) => [...row, cut(tools[index]?.description ?? '', Math.max(20, room))]),
  ];
}

export const kindOf = ({ kind, language, dangerous }: ToolInfo): string =>
  `${language ?? kind}${dangerous ? ', dangerous' : ''}`;

export const needsOf = ({ capabilities }: Pick<ToolInfo, 'capabilities'>): string =>
  capabilities.filter((name) => name !== 'dangerous').join(', ') || 'nothing';

function cut(text: string, room: number): string {
  const line = printable(text.split('\n', 1)[0] ?? '');
  return line.length <= room ? line : `${line.slice(0, room - 1)}…`;
}
