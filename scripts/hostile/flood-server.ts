// A server of MCP over pipes that floods whoever asks it: `node flood-server.ts MODE`.
import { createInterface } from 'node:readline';
import { answerTo, isMode } from './flood-messages.ts';

const [mode = ''] = process.argv.slice(2);
if (!isMode(mode)) throw new Error(`Cannot flood by ${mode}`);

let stopped = true;
const flood = (): void => {
  while (
    !stopped &&
    process.stdout.write('{"jsonrpc":"2.0","method":"notifications/message","params":{}}\n'.repeat(100))
  );
  if (!stopped) process.stdout.once('drain', flood);
};
createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line) as { readonly id?: number; readonly method?: string };
  const answer = answerTo(message, mode);
  if (answer !== undefined) process.stdout.write(`${answer}\n`);
  if (mode === 'messages' && message.method === 'tools/list' && stopped) {
    stopped = false;
    flood();
  }
});
