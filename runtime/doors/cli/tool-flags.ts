import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Runtime } from '../../contracts/api/runtime.ts';
import type { LoadReport } from '../../contracts/api/tool-registry.ts';
import type { ToolsApi, ToolsOptions } from '../../contracts/api/tools.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { nearest, shownText } from '../../vocabulary/nearest.ts';
import { unreadable } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { TOOL_GRANT } from './grant-flags.ts';
import { readServers, SERVER_FLAGS } from './server-flags.ts';
import { printable, type Style, styleFor } from './style.ts';
import type { Output, Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Where tools come from. */
export const TOOLS_FLAG: Flag = {
  name: 'tools',
  value: 'DIR',
  repeats: true,
  help: 'Take the tools of a folder, or of a file: .wasm, .js, .ts, .py, each with its manifest.',
};

/** For commands whose guests may call tools. */
export const TOOL_FLAGS: readonly Flag[] = [TOOLS_FLAG, ...SERVER_FLAGS, TOOL_GRANT];

/** Guests call tools while they wait for their answers: each needs a place of its own. */
export const CELLS_WITH_TOOLS = { maxCells: 16, warm: 0 };

/** The option `tools` of a runtime, by the flags; `undefined` when none names any. @throws {UsageError} for what is not there. */
export async function readTools(
  parsed: ParsedArguments,
  cwd: string,
): Promise<Pick<ToolsOptions, 'dirs'> | undefined> {
  if (!parsed.has('tools')) return undefined;
  const dirs = parsed.all('tools').map((path) => resolve(cwd, path));
  for (const dir of dirs) await mustExist(dir, cwd);
  return { dirs };
}

/** What a run is given of tools. */
export interface ToolUse {
  /** Tools that the guest may call, as its grant names them. */
  readonly tools?: ToolsOptions | undefined;
  /** Told before the run; what it throws ends it. */
  readonly onRuntime?: ((runtime: Runtime) => Promise<void>) | undefined;
}

/** What the flags have a run be given of tools, once its runtime is there. @throws {UsageError} */
export async function readToolOptions(
  parsed: ParsedArguments,
  grant: Grant | undefined,
  terminal: Terminal,
): Promise<ToolUse> {
  const tools = await readTools(parsed, terminal.cwd);
  const servers = await readServers(parsed, terminal);
  const isAsked = tools !== undefined || servers.servers !== undefined || parsed.has('allow-tool');
  if (!isAsked) return {};
  return {
    tools: { builtin: true, ...tools, ...servers },
    onRuntime: async (runtime) => {
      const report = await checkToolGrant(parsed, grant ?? {}, runtime.tools);
      if (parsed.has('quiet') || parsed.has('json')) return;
      warnOfSkipped(report, terminal.stderr, styleFor(terminal.stderr, terminal));
    },
  };
}

export async function mustExist(path: string, cwd: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    throw await unreadable('load tools from', path, cwd, error);
  }
}

/** Tools that nobody may call, and names that no tool has, are mistakes. @throws {UsageError | SandglassError} */
export async function checkToolGrant(
  parsed: ParsedArguments,
  { tools: names = [] }: Grant,
  tools: ToolsApi,
): Promise<LoadReport> {
  const report = await tools.ready();
  const known = tools.list().flatMap(({ name, aliases }) => [name, ...aliases]);
  if (parsed.has('tools') && names.length === 0) {
    throw new UsageError(
      'Cannot use --tools alone: the guest may call none of its tools',
      `Name those it may call, e.g. --allow-tool=${report.registered[0]?.name ?? 'NAME'}, or --allow-tool='*' for all`,
    );
  }
  for (const name of parsed.all('allow-tool')) {
    if (!name.includes('*') && !known.includes(name)) throw noSuchTool(name, known, report);
  }
  return report;
}

export function noSuchTool(name: string, known: readonly string[], { skipped }: LoadReport): SandglassError {
  const near = nearest(name, known);
  const failed = skipped.find(({ path }) => path.split(/[./\\]/).includes(name));
  const names = known.slice(0, 12).join(', ');
  return new SandglassError('TOOL_NOT_FOUND', `Cannot find the tool ${shownText(name)}`, {
    details: { tool: name.slice(0, 200), ...defined({ nearest: near }) },
    hint:
      near !== undefined
        ? `Did you mean "${near}"?`
        : failed !== undefined
          ? `${failed.path} was skipped: ${failed.error.message}`
          : known.length === 0
            ? 'There are no tools; --tools=DIR brings those of a folder'
            : `There are: ${names}${known.length > 12 ? ' and more; sandglass tools list tells all' : ''}`,
  });
}

/** What of the folders is not a tool, a line each. */
export function warnOfSkipped({ skipped }: LoadReport, stderr: Output, style: Style): void {
  for (const { path, error } of skipped)
    stderr.write(
      `${style.dim(`warning: skipped ${printable(path)}: ${printable(withoutPath(error.message))}`)}\n`,
    );
}

/** The path stands before it already. */
const withoutPath = (message: string): string => message.replace(/^Cannot register [^:]*: /, '');
