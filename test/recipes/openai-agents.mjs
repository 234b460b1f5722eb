import {
  Agent,
  MCPServerStdio,
  OpenAIChatCompletionsModel,
  run,
  setTracingDisabled,
  tool,
} from '@openai/agents';
import OpenAI from 'openai';
import { createRuntime } from 'sandglass';
import { startModel } from './model.mjs';

setTracingDisabled(true);
using local = await startModel('read_file', { path: '/project/notes.txt' });
const model = new OpenAIChatCompletionsModel(new OpenAI({ baseURL: local.url, apiKey: 'none' }), 'local');
const ask = async (more) => {
  const { finalOutput } = await run(new Agent({ name: 'Reader', model, ...more }), 'What is in my notes?');
  console.log(finalOutput);
};

const server = new MCPServerStdio({
  name: 'sandglass',
  command: process.execPath,
  args: [process.env.SANDGLASS, 'mcp', '--allow-read=./project'],
  timeout: 60_000,
  clientSessionTimeoutSeconds: 60,
});
await server.connect();
try {
  await ask({ mcpServers: [server] });
} finally {
  await server.close();
}

await using runtime = createRuntime({
  tools: { builtin: true },
  policy: { fs: [{ host: './project', guest: '/project', access: ['read'] }] },
});
await runtime.tools.ready();
const tools = runtime.tools.forModel({ format: 'openai' }).map(({ function: about }) =>
  tool({
    name: about.name,
    description: about.description,
    parameters: { additionalProperties: true, ...about.parameters },
    strict: false,
    execute: async (args) => (await runtime.tools.call(about.name, args)).text,
  }),
);
await ask({ tools });
