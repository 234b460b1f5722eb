import { defined } from '../../../vocabulary/defined.ts';
import { oneATurn } from '../../../vocabulary/one-a-turn.ts';
import { holdsMore } from '../../../vocabulary/size-of-json.ts';
import type { McpDoor } from '../../mcp/door.ts';
import type { McpHttp } from '../../mcp/http.ts';
import type { BodyBudget } from '../body-budget.ts';
import { maySee } from '../may-see.ts';
import { parseBody, readBody } from '../read-body.ts';
import type { Route } from '../route.ts';

export interface McpRoutes {
  readonly door: McpDoor;
  readonly maxBodyBytes: number;
  readonly bodies: BodyBudget;
  /** Signs what clients hold. @default a fresh one */
  readonly key?: Uint8Array;
}

/** `/mcp`: the Model Context Protocol over streamable HTTP. */
export function mcpRoutes({
  door,
  maxBodyBytes,
  bodies,
  key,
}: McpRoutes): readonly Omit<Route, 'operation'>[] {
  let opened: Promise<McpHttp> | undefined;
  // The protocol is much to load for servers that nobody speaks it with.
  const open = (): Promise<McpHttp> => {
    opened ??= import('../../mcp/http.ts').then(({ createMcpHttp }) =>
      createMcpHttp(door, { maxBodyBytes, ...defined({ key }) }),
    );
    return opened;
  };
  const turn = oneATurn(); // a message takes the better part of a millisecond, and hundreds may come at once
  const handle: Route['handle'] = async (context) => {
    const share = bodies.open();
    const speaker = { caller: context.get('who').caller, may: (name: string) => maySee(context, { name }) };
    try {
      const request = context.req.raw;
      const { url, method, headers, signal } = request;
      if (method !== 'POST') return await (await open()).fetch(request, speaker);
      const body = await readBody(context, 'body', maxBodyBytes, share);
      const message = await readMessage(body);
      if ('refused' in message) {
        await context.get('count')();
        const { code = -32700, refused } = message;
        return Response.json(
          { jsonrpc: '2.0', id: null, error: { code, message: refused } },
          { status: 400 },
        );
      }
      if (isCounted(message.value)) await context.get('count')();
      const mcp = await open();
      await turn();
      return await mcp.fetch(new Request(url, { method, headers, signal }), speaker, message.value);
    } finally {
      share.release();
    }
  };
  return (['get', 'post', 'delete'] as const).map((method) => ({ method, path: '/mcp', handle }));
}

/** Values in one message: what reads it looks at them one by one, in one go. */
const MOST_VALUES = 100_000;

/** What it is, or why it is not given to whoever speaks the protocol, which parses any in one go. */
async function readMessage(
  body: Uint8Array,
): Promise<{ readonly value: unknown } | { readonly refused: string; readonly code?: number }> {
  try {
    const value = await parseBody(body);
    // What takes them would do many calls that were counted as one.
    if (Array.isArray(value))
      return {
        refused: 'Cannot read the message: batches are not part of the protocol, send one message a request',
        code: -32600,
      };
    return holdsMore(value, MOST_VALUES)
      ? { refused: `Cannot read the message: more than ${MOST_VALUES} values` }
      : { value };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : 'Cannot read the message' };
  }
}

/** What only looks at, or tells of, what was counted when it was asked. */
const UNCOUNTED = /^(?:tasks\/|notifications\/|ping$)/;

function isCounted(message: unknown): boolean {
  const { method }: { readonly method?: unknown } = Object(message);
  return typeof method !== 'string' || !UNCOUNTED.test(method);
}
