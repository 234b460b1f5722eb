import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

verifies('LL-01', 'LL-02', 'LL-05');

const KEY = 'sk-never-seen-anywhere';
interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
  };
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A server that speaks the protocol, and answers what it is told in turn. */
async function modelServer(answers: readonly (string | object | number)[]) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const answer = request.url === '/v1/chat/completions' ? answers[asked.length] : 404;
      asked.push({ headers: request.headers, body: JSON.parse(text) });
      response.statusCode = typeof answer === 'number' ? answer : 200;
      response.end(
        JSON.stringify({
          choices: [
            {
              message: {
                role: 'assistant',
                content: typeof answer === 'string' ? answer : JSON.stringify(answer),
              },
            },
          ],
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
}

async function guided(answers: readonly (string | object | number)[] | undefined) {
  const server = answers === undefined ? undefined : await modelServer(answers);
  const faults: unknown[] = [];
  const runtime: Runtime = createRuntime({
    level: 'minimal',
    onError: (error) => faults.push(error),
    ...(server === undefined ? {} : { model: { url: server.url, model: 'test', key: KEY } }),
  });
  closers.push(() => runtime.close());
  runtime.tools.register(
    {
      name: 'control_flow',
      description: 'Draws a diagram of the branches and loops of a function',
      keywords: ['flowchart'],
      input: {
        targetFunction: { type: 'string' },
        outputFormat: { type: 'string', enum: ['json', 'mermaid', 'html'] },
      },
    },
    {
      language: 'js',
      code: "export const run = ({ targetFunction, outputFormat }) => { if (targetFunction === 'none') throw new Error('no such function'); return outputFormat === 'mermaid' ? 'flowchart TD\\n ' + targetFunction : '{}' }",
    },
  );
  runtime.tools.register(
    { name: 'word_count', description: 'Counts words' },
    { trusted: true, run: () => 1 },
  );
  runtime.tools.register(
    { name: 'secret', description: 'Diagram of branches of a function', capabilities: ['fs.read'] },
    { trusted: true, run: () => 1 },
  );
  return { runtime, guide: runtime.guide, asked: server?.asked ?? [], faults };
}

const TASK = 'Draw a diagram of the branches of the function main, as mermaid';
const ana = { id: 'ana', permissions: [] };
const chosen = {
  tool: 'control_flow',
  confidence: 0.9,
  reason: 'it draws branches',
  alternatives: ['word_count', 'nope'],
};
const args = { targetFunction: 'main', outputFormat: 'mermaid' };

test('without a model, words decide, with the index of search', verifies('LL-03', 'LL-06'), async () => {
  const { guide, runtime } = await guided(undefined);
  const selection = await guide.select(TASK, { caller: ana });
  expect(selection).toMatchObject({ tool: 'control_flow', confidence: expect.any(Number) });
  expect(selection.confidence).toBeGreaterThan(0.5);
  expect(selection.alternatives).not.toContain('secret');
  await expect(guide.select('xyzzy')).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
  await expect(guide.run(TASK, { caller: ana })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await guide.run('count words')).toMatchObject({ attempts: 1, outcome: { ok: true, value: 1 } });
  const before = guide.recommend('diagram words', 2, { caller: ana });
  expect(before).toHaveLength(2);
  for (let n = 0; n < 5; n++)
    await runtime.tools.call('control_flow', { targetFunction: 'none', outputFormat: 'json' });
  const after = guide.recommend('diagram words', 2, { caller: ana });
  expect(after.find(({ tool }) => tool === 'control_flow')?.score).toBeLessThan(
    before.find(({ tool }) => tool === 'control_flow')?.score ?? 0,
  );
});

test(
  'a model chooses among the tools that the caller may use; the key is in the header alone',
  verifies('LL-04'),
  async () => {
    const { guide, asked, faults } = await guided([
      chosen,
      `Here you are:\n\`\`\`json\n${JSON.stringify(args)}\n\`\`\``,
    ]);
    expect(await guide.run(TASK, { caller: ana })).toEqual({
      selection: { ...chosen, alternatives: ['word_count'] },
      args,
      attempts: 1,
      outcome: expect.objectContaining({ ok: true, value: 'flowchart TD\n main' }),
    });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
    const bodies = JSON.stringify(asked.map(({ body }) => body));
    expect(bodies).not.toContain(KEY);
    expect(bodies).not.toContain('secret');
    expect(faults).toEqual([]);
  },
);

test('an invented name is asked about again, then refused', async () => {
  const first = await guided([{ tool: 'nope' }, chosen]);
  expect(await first.guide.select(TASK)).toMatchObject({ tool: 'control_flow' });
  expect(first.asked[1]?.body.messages.at(-1)?.content).toContain('There is no tool "nope"');
  const second = await guided([{ tool: 'nope' }, { tool: 'secret' }]);
  await expect(second.guide.select(TASK, { caller: ana })).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' });
});

test('faults of arguments are told once; failures of calls so often as is said', async () => {
  const bad = { ...args, outputFormat: 'pdf' };
  const filled = await guided([bad, args]);
  expect(await filled.guide.params(TASK, 'control_flow')).toEqual(args);
  expect(filled.asked[1]?.body.messages.at(-1)?.content).toContain('outputFormat');
  const wrong = await guided([bad, bad]);
  await expect(wrong.guide.params(TASK, 'control_flow')).rejects.toMatchObject({ code: 'INPUT_INVALID' });

  const none = { ...args, targetFunction: 'none' };
  const again = await guided([chosen, none, args]);
  expect(await again.guide.run(TASK)).toMatchObject({ attempts: 2, args, outcome: { ok: true } });
  expect(again.asked[2]?.body.messages.at(-1)?.content).toContain('no such function');
  const stops = await guided([chosen, none, none]);
  expect(await stops.guide.run(TASK, { maxAttempts: 2 })).toMatchObject({
    attempts: 2,
    outcome: { ok: false, error: { code: 'GUEST_THREW' } },
  });
  expect(stops.asked).toHaveLength(3);
});

test('an endpoint that fails says so, and nothing of the key', async () => {
  const { guide } = await guided([500]);
  await expect(guide.select(TASK)).rejects.toMatchObject({
    code: 'HOST_CALL_FAILED',
    message: expect.not.stringContaining(KEY),
    retryable: true,
  });
  const words = await guided(['no object at all']);
  await expect(words.guide.select(TASK)).rejects.toMatchObject({ code: 'OUTPUT_INVALID' });
  expect(() => createRuntime({ model: { url: 'ftp://x', model: 'x' } })).toThrow(
    'url is not one of http or https',
  );
  expect(() => createRuntime({ model: { url: 'http://x', model: 'x', kee: '' } as never })).toThrow(
    'did you mean "key"?',
  );
});
