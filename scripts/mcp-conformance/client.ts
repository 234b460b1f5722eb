// The client of a runtime, as the official suite starts it: the server's address is the last argument. It mounts the server and calls what the
// scenario wants called.
import { createRuntime, type ServerSignIn } from '../../runtime/index.ts';

const url = process.argv.at(-1) ?? '';
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';

interface Context {
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Record<string, unknown> }[];
}
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as Context; // of the suite
const { toolCalls = [], client_id: clientId, client_secret: clientSecret } = context;

/** Who the server says gives tokens: an operator would know it. */
async function issuerOf(): Promise<string> {
  const { origin, pathname } = new URL(url);
  for (const path of [
    `/.well-known/oauth-protected-resource${pathname}`,
    '/.well-known/oauth-protected-resource',
  ]) {
    const answer = await fetch(new URL(path, origin)).catch(() => undefined);
    if (answer?.ok !== true) continue;
    const { authorization_servers: [issuer] = [] } = (await answer.json()) as {
      readonly authorization_servers?: readonly string[];
    };
    if (issuer !== undefined) return issuer;
  }
  return origin;
}

/** Agrees to everything, as the suite's own pages do without being asked. */
async function authorize(place: URL): Promise<string> {
  const answer = await fetch(place, { redirect: 'manual' });
  return answer.headers.get('location') ?? '';
}

const oauth: ServerSignIn =
  clientId === undefined
    ? { clientId: 'https://conformance-test.local/client-metadata.json', authorize }
    : {
        clientId,
        ...(clientSecret === undefined ? {} : { clientSecret: 'client', issuer: await issuerOf() }),
        ...(scenario.includes('client-credentials') ? { flow: 'machine' } : { authorize }),
      };

await using runtime = createRuntime({
  cache: false,
  secrets: { client: { kind: 'bearer', token: clientSecret ?? '-' } },
  tools: {
    servers: {
      suite: { url, connectTimeoutMs: 60_000, ...(scenario.startsWith('auth/') ? { oauth } : {}) },
    },
  },
});
await runtime.tools.ready();
const names = runtime.tools.list().map(({ name }) => name.replace(/^suite_/, ''));

async function call(name: string, args: Record<string, unknown> = {}): Promise<void> {
  const outcome = await runtime.tools.call(`suite_${name}`, args, { confirm: true });
  console.log(name, outcome.ok ? 'ok' : `${outcome.error.code}: ${outcome.error.message}`);
}

/** A text for everything that a tool must be given. */
function needed(name: string): Record<string, string> {
  const { required = [] } = (runtime.tools.info(`suite_${name}`)?.input ?? {}) as {
    readonly required?: string[];
  }; // a JSON Schema
  return Object.fromEntries(required.map((field) => [field, 'text']));
}

const FOCAL = 'json_schema_2020_12_tool';
if (scenario === 'tools_call') await call('add_numbers', { a: 5, b: 3 });
else if (toolCalls.length > 0) for (const { name, arguments: args } of toolCalls) await call(name, args);
else if (scenario.startsWith('json-schema-2020-12')) {
  const echo = names.find((name) => name !== FOCAL) ?? '';
  const focal = runtime.tools.info(`suite_${names.find((name) => name !== echo) ?? FOCAL}`);
  await call(echo, { schema: focal?.input });
} else for (const name of names) await call(name, needed(name));
