import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProviders } from '../../runtime/auth/providers.ts';
import { createSealer } from '../../runtime/auth/sealer.ts';
import { createSignIns, type SignIns } from '../../runtime/auth/sign-ins.ts';
import { listen } from '../../runtime/doors/cli/listen.ts';
import {
  createHttpApp,
  createInProcessScheduler,
  createModuleStore,
  inspectModule,
} from '../../runtime/doors/http/index.ts';
import { createRuntime, queryAudit } from '../../runtime/index.ts';
import { ANSWERS, PROMPTS, RESOURCES } from './offers.ts';

/** Of whoever is not the suite. */
export const KEY = 'key-of-the-suite';

/** The door with the tools that the suite calls by their names. */
export async function serveFixture(): Promise<AsyncDisposable & { readonly url: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'sandglass-fixture-'));
  const runtime = createRuntime({ level: 'minimal', cache: false, audit: { dir } });
  const tool = (name: string, description: string, code: string, more: object = {}): void =>
    void runtime.tools.register({ name, description, ...more }, { language: 'js', code });
  tool(
    'test_simple_text',
    'Answers a text',
    `export const run = () => 'This is a simple text response for testing.'`,
  );
  tool(
    'test_error_handling',
    'Fails',
    `export const run = () => { throw new Error('This tool intentionally returns an error for testing') }`,
  );
  tool(
    'test_tool_with_logging',
    'Prints',
    `export const run = async () => { for (const line of ['Tool execution started', 'Tool processing ` +
      `data', 'Tool execution completed']) { console.log(line); await new Promise((done) => ` +
      'setTimeout(done, 20)) } }',
  );
  tool(
    'test_tool_with_progress',
    'Goes on for a while',
    `export const run = async () => { for (const line of ['0', '50', '100']) { console.log(line); ` +
      'await new Promise((done) => setTimeout(done, 20)) } }',
  );
  for (const [name, answer] of Object.entries(ANSWERS))
    tool(name, 'Answers parts', `export const run = () => (${JSON.stringify(answer)})`);
  const seconds = {
    input: { seconds: { type: 'number', default: 0 }, label: { type: 'string', default: '' } },
  };
  tool('greet', 'Greets', "export const run = ({ name }) => 'Hello, ' + name + '!'", {
    input: { name: { type: 'string' } },
  });
  tool(
    'slow_compute',
    'Takes a while',
    `export const run = async ({ seconds }) => { await new Promise((done) => setTimeout(done, seconds * 1_000)); return 'done' }`,
    { ...seconds, limits: { timeoutMs: 120_000 } },
  );
  tool(
    'failing_job',
    'Fails after a while',
    `export const run = async () => { await new Promise((done) => setTimeout(done, 1_500)); throw new Error('it fails') }`,
  );
  tool(
    'json_schema_2020_12_tool',
    'Has a schema of JSON Schema 2020-12',
    'export const run = (args) => args',
    {
      input: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        $defs: {
          address: {
            $anchor: 'addressDef',
            type: 'object',
            properties: { street: { type: 'string' }, city: { type: 'string' } },
          },
        },
        properties: {
          name: { type: 'string' },
          address: { $ref: '#/$defs/address' },
          phone: { type: 'string' },
          email: { type: 'string' },
        },
        allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
        if: { required: ['phone'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['name'] },
        else: { required: ['email'] },
        additionalProperties: false,
      },
    },
  );
  const app = createHttpApp({
    runtime,
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({ inspect: inspectModule }),
    key: KEY,
    mcp: { version: '1.0.0', taskAfterMs: 700, prompts: PROMPTS, resources: RESOURCES },
    audit: (filter) => queryAudit(dir, filter),
    signIns: await signInsNowhere(),
  });
  // The suite shows no key.
  const fetch = (request: Request): Response | Promise<Response> => {
    if (!request.url.endsWith('/mcp')) return app.fetch(request);
    const headers = new Headers(request.headers);
    headers.set('Authorization', `Bearer ${KEY}`);
    const { url, method, body, signal } = request;
    return app.fetch(
      new Request(url, {
        method,
        headers,
        signal,
        ...(body === null ? {} : { body, duplex: 'half' }),
      } as RequestInit),
    );
  };
  const server = await listen({ fetch, host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await runtime.close();
      await rm(dir, { recursive: true });
    },
  };
}

/** Sign-ins at a service that cannot be reached. */
async function signInsNowhere(): Promise<SignIns> {
  const providers = readProviders(
    {
      redirect: 'https://tools.example.com/v1/auth/callback',
      providers: [{ name: 'local', issuer: 'https://login.example.com', clientId: 'x', scopes: ['read'] }],
    },
    {},
  );
  return createSignIns({
    providers,
    store: { get: async () => undefined, set: async () => undefined },
    sealer: await createSealer(['x'.repeat(32)], 'tokens'),
    fetch: () => Promise.reject(new TypeError('it cannot be reached')),
    now: Date.now,
  });
}
