// The server of the bench of doors, in a process of its own: the built door on one port, a route that does nothing on another.
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type * as http from '../../../runtime/doors/http/index.ts';
import type * as entry from '../../../runtime/index.ts';
import { buildAdder } from '../../../test/support/adder.ts';

const dist = join(import.meta.dirname, '../../../dist/runtime');
const { createRuntime, inspectUpload } = (await import(join(dist, 'index.js'))) as typeof entry; // the same sources, built
const { createHttpApp, createInProcessScheduler, createModuleStore } = (await import(
  join(dist, 'doors/http/index.js')
)) as typeof http;

const runtime = createRuntime({ policy: {}, level: 'standard' });
await runtime.tools.register(
  { name: 'sum', description: 'Adds one and one' },
  { language: 'js', code: 'export const run = () => 1+1' },
);
const adder = await buildAdder();
await runtime.tools.register(
  { name: 'add', description: 'Adds two numbers', input: { a: { type: 'integer' }, b: { type: 'integer' } } },
  { module: adder, invoke: 'add' },
);
const app = createHttpApp({
  runtime,
  scheduler: createInProcessScheduler({ concurrency: 64, maxQueued: 1_000 }),
  modules: createModuleStore({ inspect: inspectUpload }),
  key: 'bench',
});
const bare = new Hono();
bare.post('/v1/runs', async (context) => {
  await context.req.json();
  return context.json({ ok: true, value: 2 });
});

const serve = async (fetch: (request: Request) => Response | Promise<Response>): Promise<number> => {
  const server = createAdaptorServer({ fetch }) as HttpServer; // without options it is a plain one
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};
process.send?.({ door: await serve(app.fetch), bare: await serve(bare.fetch) });
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
