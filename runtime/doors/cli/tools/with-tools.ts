import type { ToolsApi, ToolsOptions } from '../../../contracts/api/tools.ts';
import { defined } from '../../../vocabulary/defined.ts';
import type { CommandContext } from '../command.ts';
import { printable } from '../style.ts';

/** The tools of a runtime that runs nothing, for as long as `use` takes. */
export async function withTools<T>(
  context: CommandContext,
  tools: ToolsOptions | undefined,
  use: (tools: ToolsApi) => Promise<T>,
): Promise<T> {
  const { stderr } = context.terminal;
  await using runtime = await context.createRuntime({
    cells: { maxCells: 1, warm: 0 },
    ...defined({ tools }),
    onError: (error) => stderr.write(`${printable(String(error instanceof Error ? error.stack : error))}\n`),
  });
  return await use(runtime.tools);
}
