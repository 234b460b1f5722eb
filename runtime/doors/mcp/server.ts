import { ProtocolError, ProtocolErrorCode, Server, type ServerContext } from '@modelcontextprotocol/server';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { callTool, failed, resultOf } from './call-tool.ts';
import type { Confirmations } from './confirm.ts';
import type { McpDoor, Speaker } from './door.ts';
import { listArtifacts, readArtifact, TEMPLATE } from './resources.ts';
import { createTasks, type ListedTasks, TASKS_EXTENSION } from './tasks.ts';
import { listTools } from './tool-list.ts';

export interface McpServerOptions {
  readonly door: McpDoor;
  readonly confirmations: Confirmations;
  /** Who speaks, by what carries the messages. */
  readonly speakerOf: (context: ServerContext) => Speaker;
  /** The connection lasts: it is told when tools come and go. */
  readonly tellsChanges: boolean;
  /** Of all servers of the door. */
  readonly listed: ListedTasks;
}

/** One server of the door, for one connection or one request; its handlers are the same in every revision of the protocol. */
export function createMcpServer(options: McpServerOptions): Server {
  const { door, confirmations, speakerOf, tellsChanges, listed } = options;
  const tasks = createTasks({ door, speakerOf, resultOf, listed });
  const server = new Server(
    { name: 'sandglass', title: 'Sandglass', version: door.version },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: {},
        logging: {},
        tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
        extensions: { [TASKS_EXTENSION]: {} },
      },
      ...defined({ instructions: door.instructions }),
      requestState: { verify: confirmations.codec.verify },
      debouncedNotificationMethods: ['notifications/tools/list_changed'],
    },
  );
  server.setRequestHandler('tools/list', async ({ params }, context) => {
    await door.tools.ready();
    return orProtocolError(() => listTools(door, speakerOf(context), params?.cursor));
  });
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    try {
      await door.tools.ready();
      const speaker = speakerOf(context);
      return await callTool(params.name, params.arguments ?? {}, {
        door,
        confirmations,
        server,
        context,
        speaker,
        tasks,
        asksForTask: (params as { readonly task?: unknown }).task !== undefined, // of 2025-11-25 only, which the type leaves out
      });
    } catch (error) {
      if (error instanceof SandglassError) return failed(error);
      if (!(error instanceof ProtocolError)) door.onFault(error);
      throw error instanceof ProtocolError
        ? error
        : new ProtocolError(ProtocolErrorCode.InternalError, 'Cannot call the tool: the server failed');
    }
  });
  server.setRequestHandler('resources/list', (_request, context) =>
    listArtifacts(door, speakerOf(context).caller?.id),
  );
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [TEMPLATE] }));
  server.setRequestHandler('resources/read', ({ params }, context) =>
    readArtifact(door, params.uri, speakerOf(context).caller?.id),
  );
  tasks.serve(server);
  if (tellsChanges) {
    const stop = door.tools.onChange(() => {
      // A connection that is closing needs no news.
      server.sendToolListChanged().catch(() => undefined);
    });
    server.onclose = stop;
  }
  return server;
}

function orProtocolError<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof SandglassError)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message, error.toJSON());
    throw error;
  }
}
