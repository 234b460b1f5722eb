import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createConfirmations } from './confirm.ts';
import type { McpDoor } from './door.ts';
import { createMcpServer } from './server.ts';
import { createStdioTransport, type StdioPipes } from './stdio-transport.ts';
import { createListedTasks } from './tasks.ts';

/** Serves one client over pipes, until the input ends or `signal` aborts. */
export async function serveMcpStdio(door: McpDoor, pipes: StdioPipes, signal: AbortSignal): Promise<void> {
  const transport = createStdioTransport(pipes);
  const confirmations = createConfirmations(crypto.getRandomValues(new Uint8Array(32)));
  const listed = createListedTasks();
  const handle = serveStdio(
    // Who started the process is who calls.
    () =>
      createMcpServer({
        door,
        confirmations,
        speakerOf: () => ({ caller: undefined, may: () => true }),
        tellsChanges: true,
        listed,
      }),
    { transport },
  );
  const stop = (): void => void handle.close();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  await transport.done;
  await handle.close();
  await pipes.flush();
}
