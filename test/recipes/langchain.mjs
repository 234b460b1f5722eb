import { tool } from '@langchain/core/tools';
import { MultiServerMCPClient } from '@langchain/mcp-adapters';
import { ChatOpenAI } from '@langchain/openai';
import { createAgent } from 'langchain';
import { createRuntime } from 'sandglass';
import { startModel } from './model.mjs';

using local = await startModel('read_file', { path: '/project/notes.txt' });
const model = new ChatOpenAI({ model: 'local', apiKey: 'none', configuration: { baseURL: local.url } });
const ask = async (tools) => {
  const agent = createAgent({ model, tools });
  const { messages } = await agent.invoke({ messages: [{ role: 'user', content: 'What is in my notes?' }] });
  console.log(messages.at(-1).content);
};

const client = new MultiServerMCPClient({
  sandglass: { command: process.execPath, args: [process.env.SANDGLASS, 'mcp', '--allow-read=./project'] },
});
try {
  await ask(await client.getTools());
} finally {
  await client.close();
}

await using runtime = createRuntime({
  tools: { builtin: true },
  policy: { fs: [{ host: './project', guest: '/project', access: ['read'] }] },
});
await runtime.tools.ready();
const tools = runtime.tools.forModel({ format: 'openai' }).map(({ function: about }) =>
  tool(async (args) => (await runtime.tools.call(about.name, args)).text, {
    name: about.name,
    description: about.description,
    schema: about.parameters,
  }),
);
await ask(tools);
