import { once } from 'node:events';
import { createServer } from 'node:http';

/** A server that speaks chat completions, as a model would: it asks for one tool, then tells what the tool answered. */
export async function startModel(name, args) {
  let answers = 0;
  const answerTo = ({ messages, tools = [] }) => {
    const last = messages.at(-1);
    if (last.role === 'tool') return { content: `It says: ${JSON.stringify(last.content)}` };
    if (!tools.some((tool) => tool.function.name === name)) return { content: `There is no ${name}` };
    const call = { name, arguments: JSON.stringify(args) };
    return { content: null, tool_calls: [{ id: 'call_1', type: 'function', function: call }] };
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    answers += 1;
    const message = { role: 'assistant', ...answerTo(JSON.parse(text)) };
    const finish = message.tool_calls === undefined ? 'stop' : 'tool_calls';
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        id: `answer-${answers}`,
        object: 'chat.completion',
        created: 1,
        model: 'local',
        choices: [{ index: 0, message, finish_reason: finish }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
