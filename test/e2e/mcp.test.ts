import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../../runtime/vocabulary/errors.ts';
import {
  type ClientSetup,
  type Connected,
  connectStdio,
  REVISIONS,
  type Revision,
  serveDoor,
} from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
const TOOLS = {
  'greet.js': `/* sandglass:tool {"name":"greet","description":"Greets","input":{"who":{"type":"string"}},"output":{"type":"string"}} */
export const run = ({ who }) => { console.log('greeting ' + who); return 'hello ' + who }`,
  'steps.js': `/* sandglass:tool {"name":"steps","description":"Tells how far it is"} */
export const run = () => { sandglass.progress(0.25, 'a quarter'); console.log('one'); return 'done' }`,
  'spin.js': `/* sandglass:tool {"name":"spin","description":"Never ends"} */
export const run = () => { console.log('spinning'); for (;;) {} }`,
  'long.js': `/* sandglass:tool {"name":"long","description":"Answers much","text":{"maxChars":100}} */
export const run = () => Array.from({ length: 500 }, (_, i) => 'line ' + i).join('\\n')`,
  'wipe.js': `/* sandglass:tool {"name":"wipe","description":"Wipes","dangerous":true,"capabilities":["fs.write"],"input":{"path":{"type":"string"}}} */
export const run = ({ path }) => fs.writeFile(path, '')`,
};

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-mcp-'));
  await mkdir(join(cwd, 'project'));
  await mkdir(join(cwd, 'tools'));
  await writeFile(join(cwd, 'project', 'notes.txt'), 'hello notes');
  for (const [name, code] of Object.entries(TOOLS)) await writeFile(join(cwd, 'tools', name), code);
});
afterAll(() => rm(cwd, { recursive: true }));

type Connect = (setup: Omit<ClientSetup, 'revision'>) => Promise<Connected>;

const BOTH_WAYS: readonly (readonly ['stdio' | 'http', Revision])[] = (
  Object.keys(REVISIONS) as Revision[]
).flatMap((revision) => [['stdio', revision] as const, ['http', revision] as const]);

describe.each(BOTH_WAYS)('MCP over %s in %s', (way, revision) => {
  verifies('MC-01', 'MC-02');
  let door: Awaited<ReturnType<typeof serveDoor>> | undefined;
  const connect: Connect = async (setup) => {
    if (way === 'stdio')
      return connectStdio(
        ['--tools=./tools', '--allow-read=./project', '--allow-write=./project', '--fuel=1000G'],
        cwd,
        {
          revision,
          ...setup,
        },
      );
    door ??= await serveDoor({
      level: 'standard',
      limits: { fuel: Number.MAX_SAFE_INTEGER }, // of the guest that spins until it is cancelled
      policy: { fs: [{ host: join(cwd, 'project'), access: ['read', 'write'] }] },
      tools: { builtin: true, dirs: [join(cwd, 'tools')] },
    });
    return door.connect({ revision, ...setup });
  };
  afterAll(async () => {
    await door?.[Symbol.asyncDispose]();
  });

  test('lists tools with schemas and annotations, and none that is not granted', async () => {
    await using connection = await connect({});
    const { client } = connection;
    expect(client.getNegotiatedProtocolVersion()).toBe(revision);
    expect(client.getServerVersion()?.name).toBe('sandglass');
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['greet', 'read_file', 'wipe', 'calculator']));
    expect(names).not.toContain('http_request');
    expect(tools.find(({ name }) => name === 'wipe')?.annotations).toMatchObject({
      destructiveHint: true,
      readOnlyHint: false,
    });
    expect(tools.find(({ name }) => name === 'read_file')?.annotations).toMatchObject({ readOnlyHint: true });
    expect(tools.find(({ name }) => name === 'greet')).toMatchObject({
      inputSchema: { type: 'object', required: ['who'] },
      outputSchema: { type: 'object', required: ['ok'] },
    });
  });

  test('calls them: structured content is the outcome', async () => {
    await using connection = await connect({});
    const { client } = connection;
    const read = await client.callTool({ name: 'read_file', arguments: { path: '/project/notes.txt' } });
    expect(read.isError).toBeUndefined();
    expect(read.structuredContent).toMatchObject({
      ok: true,
      value: { content: 'hello notes' },
      tool: 'read_file',
    });
    const bad = await client.callTool({ name: 'greet', arguments: {} });
    expect(bad).toMatchObject({
      isError: true,
      structuredContent: { ok: false, error: { code: 'INPUT_INVALID' } },
      content: [{ type: 'text', text: expect.stringContaining('INPUT_INVALID') }],
    });
    const denied = await client.callTool({ name: 'read_file', arguments: { path: '/etc/passwd' } });
    expect(denied).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'CAPABILITY_DENIED' } },
    });
    await expect(client.callTool({ name: 'nope', arguments: {} })).rejects.toMatchObject({
      code: -32602,
      data: { code: 'TOOL_NOT_FOUND' },
    });
  });

  test('tells progress and output while a call goes on', verifies('MC-11'), async () => {
    const logs: unknown[] = [];
    await using connection = await connect({ onLog: (data) => logs.push(data) });
    const { client } = connection;
    if (revision === '2025-11-25') await client.setLoggingLevel('info');
    const told: number[] = [];
    const result = await client.callTool(
      {
        name: 'greet',
        arguments: { who: 'you' },
        ...(revision === '2026-07-28' ? { _meta: { 'io.modelcontextprotocol/logLevel': 'info' } } : {}),
      },
      { onprogress: ({ progress }) => told.push(progress) },
    );
    expect(result.structuredContent).toMatchObject({ ok: true, value: 'hello you' });
    // The client gives up listening with the answer, which may come in the same chunk as the last step.
    expect(told[0]).toBe(1);
    expect(logs).toEqual(['greeting you']);
  });

  test('tells how far a tool is by its own word', verifies('MC-11'), async () => {
    await using connection = await connect({});
    const { client } = connection;
    // Looked at as it comes: the client drops steps that come in one chunk with the answer.
    const came: unknown[] = [];
    const { transport } = client;
    const take = transport?.onmessage;
    if (transport === undefined || take === undefined) throw new Error('there is no connection');
    transport.onmessage = (message, extra) => {
      came.push(message);
      take(message, extra);
    };
    const result = await client.callTool({ name: 'steps', arguments: {} }, { onprogress: () => undefined });
    expect(result.structuredContent).toMatchObject({ ok: true, value: 'done' });
    expect(came).toContainEqual(
      expect.objectContaining({ params: expect.objectContaining({ message: 'a quarter, 25 %' }) }),
    );
  });

  test('ends the guest of a call that was cancelled', async () => {
    await using connection = await connect({});
    const { client } = connection;
    const cancel = new AbortController();
    const call = client.callTool(
      { name: 'spin', arguments: {} },
      { signal: cancel.signal, onprogress: () => cancel.abort() },
    );
    await expect(call).rejects.toThrow();
    // The place of the call is free again.
    const next = await client.callTool({ name: 'greet', arguments: { who: 'b' } });
    expect(next.structuredContent).toMatchObject({ ok: true });
  });

  test('whole results are resources of whoever called', async () => {
    await using connection = await connect({});
    const { client } = connection;
    const result = await client.callTool({ name: 'long', arguments: {} });
    const link = result.content.find((part) => part.type === 'resource_link');
    if (link?.type !== 'resource_link') throw new Error('there is no link');
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toContain(link.uri);
    const { contents } = await client.readResource({ uri: `${link.uri}?offset=0&length=13` });
    expect(contents).toMatchObject([{ text: 'line 0\nline 1', mimeType: 'text/plain' }]);
    await expect(client.readResource({ uri: 'sandglass://artifacts/artifact-x' })).rejects.toThrow();
  });

  test('asks the person before a dangerous tool runs', async () => {
    const asked: string[] = [];
    const path = '/project/notes.txt';
    let answer = { action: 'accept' as const, content: { confirm: false } };
    await using connection = await connect({
      answer: (message) => {
        asked.push(message);
        return answer;
      },
    });
    const { client } = connection;
    const no = await client.callTool({ name: 'wipe', arguments: { path } });
    expect(no).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'CONFIRMATION_REQUIRED', hint: 'Do without it; do not retry' } },
    });
    expect(await readFile(join(cwd, 'project', 'notes.txt'), 'utf8')).toBe('hello notes');
    answer = { action: 'accept', content: { confirm: true } };
    const yes = await client.callTool({ name: 'wipe', arguments: { path } });
    expect(yes.structuredContent).toMatchObject({ ok: true });
    expect(await readFile(join(cwd, 'project', 'notes.txt'), 'utf8')).toBe('');
    await writeFile(join(cwd, 'project', 'notes.txt'), 'hello notes');
    expect(asked).toEqual([
      'Run the tool wipe with {"path":"/project/notes.txt"}?',
      'Run the tool wipe with {"path":"/project/notes.txt"}?',
    ]);
    // A client that cannot ask is refused.
    await using mute = await connect({});
    expect(await mute.client.callTool({ name: 'wipe', arguments: { path } })).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'CONFIRMATION_REQUIRED' } },
    });
  });
});

test.each(Object.keys(REVISIONS) as Revision[])(
  'clients over HTTP in %s are told when tools come and go',
  async (revision) => {
    await using door = await serveDoor();
    const changed = Promise.withResolvers<void>();
    await using connection = await door.connect({ revision, onChange: changed.resolve });
    if (revision === '2025-11-25') await connection.client.listTools();
    door.runtime.tools.register(
      { name: 'late', description: 'Came late' },
      { language: 'js', code: 'export const run = () => 1' },
    );
    await changed.promise;
    const { tools } = await connection.client.listTools(undefined, { cacheMode: 'refresh' });
    expect(tools.map(({ name }) => name)).toEqual(['late']);
  },
);

test('code mode: a program calls the tools', async () => {
  await using connection = await connectStdio(
    ['--code-mode', '--tools=./tools', '--allow-read=./project'],
    cwd,
    { revision: '2026-07-28' },
  );
  const { client } = connection;
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['run_code', 'search_tools']);
  const found = await client.callTool({ name: 'search_tools', arguments: { query: 'greets' } });
  expect(found.content).toMatchObject([{ text: expect.stringContaining('greet') }]);
  const ran = await client.callTool({
    name: 'run_code',
    arguments: {
      code: `const { content } = await tools.read_file({ path: '/project/notes.txt' }); (await tools.greet({ who: content })).length`,
    },
  });
  expect(ran.structuredContent).toMatchObject({
    ok: true,
    value: 17,
    meta: { calls: [{ tool: 'read_file' }, { tool: 'greet' }] },
  });
  expect(await client.callTool({ name: 'run_code', arguments: { code: 'let x = ;' } })).toMatchObject({
    isError: true,
  });
  expect(await client.callTool({ name: 'run_code', arguments: { code: 1 } })).toMatchObject({
    isError: true,
    structuredContent: { error: { code: 'INPUT_INVALID' } },
  });
  expect(Object.keys(ERROR_CODES)).toContain('INPUT_INVALID');
});
