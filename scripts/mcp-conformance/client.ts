// The client of a runtime, as the official suite starts it: the server's address is the last argument. It mounts the server and calls what the
// scenario wants called.
import { createRuntime } from '../../runtime/index.ts';

const url = process.argv.at(-1) ?? '';
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? '';

interface Context {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Record<string, unknown> }[];
}
const { toolCalls = [] } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as Context; // of the suite

await using runtime = createRuntime({
  cache: false,
  tools: { servers: { suite: { url, connectTimeoutMs: 60_000 } } },
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
