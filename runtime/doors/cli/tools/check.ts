import type { LoadReport } from '../../../contracts/api/tool-registry.ts';
import type { ToolsApi } from '../../../contracts/api/tools.ts';
import { exitCodeOf, type RunError, SandglassError } from '../../../vocabulary/errors.ts';
import type { Grant } from '../../../vocabulary/grant.ts';
import type { CommandContext } from '../command.ts';
import type { ParsedArguments } from '../flags.ts';
import { GRANT_FLAGS, readGrant } from '../grant-flags.ts';
import { errorLines } from '../report.ts';
import { printable, styleFor } from '../style.ts';
import { table } from '../table.ts';
import { kindOf, needsOf } from './list.ts';
import { loadPath } from './target.ts';
import { withTools } from './with-tools.ts';

interface Fault {
  readonly tool: string;
  readonly error: RunError;
}

/** Flags that grant nothing: they say where things are. */
const PLACES: readonly string[] = ['secret', 'database'];

/** Checks tools and runs none; answers the exit code of the first fault. @throws {UsageError} */
export async function check(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { stdout, stderr, cwd } = context.terminal;
  const paths = parsed.positionals.length === 0 ? ['.'] : parsed.positionals;
  const asksGrant = GRANT_FLAGS.some(({ name }) => !PLACES.includes(name) && parsed.has(name));
  const grant = asksGrant ? await readGrant(parsed, cwd) : undefined;
  return withTools(context, undefined, async (tools) => {
    const faults: Fault[] = [];
    for (const path of paths) {
      const { skipped } = await loadTold(path, tools, cwd);
      faults.push(...skipped.map(({ path: tool, error }) => ({ tool, error })));
    }
    const found = tools.list();
    if (grant !== undefined) faults.push(...found.flatMap(({ name }) => lacking(name, tools, grant)));
    const bad = new Set(faults.map(({ tool }) => tool));
    if (parsed.has('json')) {
      const rows = found.map(({ name, kind, capabilities }) => ({
        name,
        kind,
        capabilities,
        ok: !bad.has(name),
      }));
      stdout.write(`${JSON.stringify({ tools: rows, faults })}\n`);
    } else {
      if (found.length > 0)
        stdout.write(
          `${table([
            ['tool', 'kind', 'needs', 'ok'],
            ...found.map((tool) => [
              tool.name,
              kindOf(tool),
              needsOf(tool),
              bad.has(tool.name) ? 'no' : 'yes',
            ]),
          ])}\n`,
        );
      else if (faults.length === 0) stdout.write('No tools\n');
      const style = styleFor(stderr, context.terminal);
      for (const { tool, error } of faults)
        stderr.write(`${style.bold(printable(tool))}: ${errorLines(error, style)}`);
    }
    const [first] = faults;
    return first === undefined ? 0 : exitCodeOf(first.error.code);
  });
}

/** What is wrong with a file that was named is told like what is wrong with one of a folder. */
async function loadTold(path: string, tools: ToolsApi, cwd: string): Promise<LoadReport> {
  try {
    return await loadPath(path, tools, cwd);
  } catch (error) {
    if (!(error instanceof SandglassError)) throw error;
    return { registered: [], skipped: [{ path, error: error.toJSON() }] };
  }
}

function lacking(name: string, tools: ToolsApi, grant: Grant): readonly Fault[] {
  const { error } = tools.check(name, { grant });
  return error === undefined ? [] : [{ tool: name, error }];
}
