import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { callTool, failed, resultOf } from './call-tool.ts';
import type { Confirmations } from './confirm.ts';
import type { McpDoor, Speaker } from './door.ts';
import type { McpOffers } from './offers.ts';
import { servePrompts } from './prompts.ts';
import { listResources, listTemplates, readResource } from './resources.ts';
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
  const { offers } = door;
  const tasks = createTasks({ door, speakerOf, resultOf, listed });
  const server = new Server(
    { name: 'sandglass', title: 'Sandglass', version: door.version },
    {
      capabilities: {
        tools: { listChanged: true },
        resources: offers !== undefined && offers.watched.length > 0 ? { subscribe: true } : {},
        ...(offers === undefined ? {} : { prompts: {}, completions: {} }),
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
  server.setRequestHandler('resources/list', (_request, context) => listResources(door, speakerOf(context)));
  server.setRequestHandler('resources/templates/list', () => listTemplates(door));
  server.setRequestHandler('resources/read', ({ params }, context) =>
    readResource(door, params.uri, speakerOf(context)),
  );
  if (offers !== undefined)
    servePrompts(server, offers, door, (context) => ({ caller: speakerOf(context).caller }));
  tasks.serve(server);
  if (tellsChanges) {
    // A connection that is closing needs no news.
    const stop = door.tools.onChange(() => void server.sendToolListChanged().catch(() => undefined));
    const unsubscribe = offers === undefined ? undefined : serveSubscriptions(server, offers);
    server.onclose = () => {
      stop();
      unsubscribe?.();
    };
  }
  return server;
}

/** Of one connection: which resources its client is told of. The answer ends it. */
function serveSubscriptions(server: Server, offers: McpOffers): () => void {
  const wanted = new Map<string, () => void>();
  server.setRequestHandler('resources/subscribe', ({ params: { uri } }) => {
    if (!offers.resources.some((resource) => resource.uri === uri))
      throw new ResourceNotFoundError(uri.slice(0, 500));
    if (!wanted.has(uri))
      wanted.set(
        uri,
        offers.onChange(uri, () => void server.sendResourceUpdated({ uri }).catch(() => undefined)),
      );
    return {};
  });
  server.setRequestHandler('resources/unsubscribe', ({ params: { uri } }) => {
    wanted.get(uri)?.();
    wanted.delete(uri);
    return {};
  });
  return () => {
    for (const stop of wanted.values()) stop();
    wanted.clear();
  };
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
