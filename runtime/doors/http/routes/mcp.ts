import { Hono } from 'hono';
import type { McpDoor } from '../../mcp/door.ts';
import type { McpHttp } from '../../mcp/http.ts';
import type { BodyBudget } from '../body-budget.ts';
import { readBody } from '../read-body.ts';

export interface McpRoutes {
  readonly door: McpDoor;
  readonly maxBodyBytes: number;
  readonly bodies: BodyBudget;
}

/** `/mcp`: the Model Context Protocol over streamable HTTP. */
export function mcpRoutes({ door, maxBodyBytes, bodies }: McpRoutes): Hono {
  let opened: Promise<McpHttp> | undefined;
  // The protocol is much to load for servers that nobody speaks it with.
  const open = (): Promise<McpHttp> => {
    opened ??= import('../../mcp/http.ts').then(({ createMcpHttp }) => createMcpHttp(door, { maxBodyBytes }));
    return opened;
  };
  return new Hono().all('/mcp', async ({ req }) => {
    const share = bodies.open();
    try {
      const request = req.raw;
      const { url, method, headers, signal } = request;
      if (request.body === null) return await (await open()).fetch(request, undefined);
      const body = await readBody(request, 'body', maxBodyBytes, share);
      return await (await open()).fetch(new Request(url, { method, headers, body, signal }), undefined);
    } finally {
      share.release();
    }
  });
}
