import type { McpDoor } from '../../mcp/door.ts';
import type { McpHttp } from '../../mcp/http.ts';
import type { BodyBudget } from '../body-budget.ts';
import { maySee } from '../may-see.ts';
import { readBody } from '../read-body.ts';
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
      createMcpHttp(door, { maxBodyBytes, ...(key === undefined ? {} : { key }) }),
    );
    return opened;
  };
  const handle: Route['handle'] = async (context) => {
    const share = bodies.open();
    const speaker = { caller: context.get('who').caller, may: (name: string) => maySee(context, { name }) };
    try {
      const request = context.req.raw;
      const { url, method, headers, signal } = request;
      if (request.body === null) return await (await open()).fetch(request, speaker);
      const body = await readBody(request, 'body', maxBodyBytes, share);
      return await (await open()).fetch(new Request(url, { method, headers, body, signal }), speaker);
    } finally {
      share.release();
    }
  };
  return (['get', 'post', 'delete'] as const).map((method) => ({ method, path: '/mcp', handle }));
}
