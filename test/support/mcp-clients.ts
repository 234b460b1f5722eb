import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { listen } from '../../runtime/doors/cli/listen.ts';
import { createHttpApp, type HttpAppOptions } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type NodeRuntimeOptions } from '../../runtime/index.ts';
import { createInProcessScheduler, type InProcessOptions } from '../../runtime/work/in-process.ts';
import { ENV } from './command-line.ts';

const MAIN = fileURLToPath(new URL('../../runtime/doors/cli/main.ts', import.meta.url));

/** Revisions of the protocol, and what the client of the SDK is told to speak them. */
export const REVISIONS = { '2026-07-28': 'auto', '2025-11-25': 'legacy' } as const;
export type Revision = keyof typeof REVISIONS;

export interface ClientSetup {
  readonly revision: Revision;
  /** Answers questions; without it the client cannot be asked. */
  readonly answer?: (message: string) => { action: 'accept' | 'decline'; content?: Record<string, boolean> };
  readonly onLog?: (data: unknown) => void;
  readonly onChange?: () => void;
}

function createClient({ revision, answer, onLog, onChange }: ClientSetup): Client {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    {
      versionNegotiation: { mode: REVISIONS[revision] },
      capabilities: answer === undefined ? {} : { elicitation: {} },
      ...(onChange === undefined
        ? {}
        : { listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: onChange } } }),
    },
  );
  if (answer !== undefined)
    client.setRequestHandler('elicitation/create', ({ params }) => answer(params.message));
  if (onLog !== undefined)
    client.setNotificationHandler('notifications/message', ({ params }) => onLog(params.data));
  return client;
}

export type Connected = AsyncDisposable & { readonly client: Client };

const connected = (client: Client): Connected => ({
  client,
  [Symbol.asyncDispose]: () => client.close(),
});

/** A client of `sandglass mcp`, in a process of its own. */
export async function connectStdio(
  args: readonly string[],
  cwd: string,
  setup: ClientSetup,
): Promise<Connected> {
  const client = createClient(setup);
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, 'mcp', ...args],
      cwd,
      stderr: 'ignore',
      env: ENV,
    }),
  );
  return connected(client);
}

export const KEY = 'key-of-the-tests';

export interface ServedDoor extends AsyncDisposable {
  readonly url: URL;
  readonly runtime: Runtime;
  connect(setup: ClientSetup): Promise<Connected>;
}

/** The HTTP door of a runtime, on a socket. */
export async function serveDoor(
  runtimeOptions: NodeRuntimeOptions = {},
  { queue, ...more }: Partial<HttpAppOptions> & { readonly queue?: InProcessOptions } = {},
): Promise<ServedDoor> {
  const runtime = createRuntime({ cache: false, level: 'minimal', ...runtimeOptions });
  const app = createHttpApp({
    runtime,
    scheduler: createInProcessScheduler(queue),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: KEY,
    ...more,
  });
  const server = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
  const url = new URL(`http://127.0.0.1:${server.port}/`);
  return {
    url,
    runtime,
    async connect(setup) {
      const client = createClient(setup);
      const headers = { Authorization: `Bearer ${KEY}` };
      await client.connect(
        new StreamableHTTPClientTransport(new URL('mcp', url), { requestInit: { headers } }),
      );
      return connected(client);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await runtime.close();
    },
  };
}
