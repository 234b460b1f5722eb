import { resolve } from 'node:path';
import { defined } from '../../vocabulary/defined.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { createArtifactBook } from '../../work/artifact-book.ts';
import { createInProcessScheduler } from '../../work/in-process.ts';
import type { RunRecord } from '../../work/run-records.ts';
import { createRunService } from '../../work/run-service.ts';
import { createRunStore } from '../../work/run-store.ts';
import type { McpDoor } from '../mcp/door.ts';
import { serveMcpStdio } from '../mcp/stdio.ts';
import type { CommandContext } from './command.ts';
import type { ParsedArguments } from './flags.ts';
import { readGrant, readPowers } from './grant-flags.ts';
import { interruptOf } from './interrupt.ts';
import { readPackageSources } from './package-flags.ts';
import { readCeiling } from './policy-flag.ts';
import { readLimitFlags, readMaxModule } from './run-flags.ts';
import { readServers } from './server-flags.ts';
import { printable, styleFor } from './style.ts';
import { CELLS_WITH_TOOLS, readTools, warnOfSkipped } from './tool-flags.ts';
import { instructionsOf } from './tool-instructions.ts';
import { UsageError } from './usage-error.ts';

/** Calls that wait for a place; beyond them clients are told that the queue is full. */
const MOST_QUEUED = 1_000;

/** Serves one client until stdin ends or a signal comes, and answers the exit code. @throws {UsageError} */
export async function mcp(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { terminal } = context;
  const { stdout, stderr } = terminal;
  if (parsed.positionals.length > 0)
    throw new UsageError(`Cannot use "${parsed.positionals[0]}": mcp takes no argument`);
  const { limits: granted, ...grant }: Grant = await readGrant(parsed, terminal.cwd);
  // Which tools there are is said by the folders; a grant may narrow it for programs.
  const ceiling = await readCeiling(parsed, { tools: ['*'], ...grant }, terminal.cwd);
  const { limits: asked, level } = readLimitFlags(parsed);
  const fault = (error: unknown): void =>
    stderr.write(`${printable(String(error instanceof Error ? error.stack : error))}\n`);
  using interrupt = interruptOf(terminal);
  const audit = parsed.one('audit');
  await using runtime = await context.createRuntime({
    ...ceiling.runtime,
    limits: { ...granted, ...asked },
    cells: CELLS_WITH_TOOLS,
    ...readPowers(parsed, terminal),
    maxModuleBytes: readMaxModule(parsed),
    tools: {
      builtin: true,
      ...(await readTools(parsed, terminal.cwd)),
      ...(await readServers(parsed, terminal)),
    },
    ...defined({ level, packages: await readPackageSources(parsed, terminal, false) }),
    onNotice: ({ message }) => stderr.write(`${message}\n`), // stdout is the client's
    onError: fault,
    ...(audit === undefined ? {} : { audit: { dir: resolve(terminal.cwd, audit) } }),
  });
  const runs = createRunService({
    runtime,
    queue: createInProcessScheduler({ maxQueued: MOST_QUEUED }),
    store: createRunStore<RunRecord>(),
    moduleOf: absent,
    sessionOf: absent,
    onFault: fault,
  });
  const door: McpDoor = {
    tools: runtime.tools,
    runs,
    artifacts: createArtifactBook(runtime.artifacts),
    version: context.version,
    instructions: instructionsOf(grant),
    grant: ceiling.grant,
    code: parsed.has('code-mode') ? { grant } : undefined,
    confirmed: parsed.has('yes'),
    onFault: fault,
  };
  void runtime.tools.ready().then((report) => warnOfSkipped(report, stderr, styleFor(stderr, terminal)));
  await serveMcpStdio(
    door,
    {
      input: terminal.openStdin(interrupt.signal),
      write: stdout.write,
      get waitingBytes() {
        return stdout.waitingBytes;
      },
      flush: stdout.flush,
    },
    interrupt.signal,
  );
  return interrupt.readerLeft() ? 0 : (interrupt.exitCode() ?? 0);
}

/** Calls of tools and programs name neither modules nor sessions. */
const absent = (): never => {
  throw new TypeError('Cannot run: there are no modules and no sessions here');
};
