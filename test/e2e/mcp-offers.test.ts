import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, test } from 'vitest';
import type { McpPrompt, McpResource } from '../../runtime/doors/http/index.ts';
import { REVISIONS, type Revision, serveDoor } from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

const DOT = 'R0lGODlhAQABAAAAACw=';
const faults: unknown[] = [];
let change = (): void => undefined;
const watching: string[] = [];

const prompts: readonly McpPrompt[] = [
  { name: 'hello', get: () => 'Say hello.' },
  {
    name: 'review',
    title: 'Review',
    description: 'Asks for a review',
    arguments: [
      {
        name: 'language',
        required: true,
        complete: (typed, { caller }) => [`${typed}1`, caller?.id ?? 'nobody', ...Array(200).fill('x')],
      },
      { name: 'style' },
    ],
    get: ({ language, style }) => [
      { role: 'user', content: { type: 'text', text: `${language} ${style}` } },
      { role: 'assistant', content: { type: 'image', data: DOT, mimeType: 'image/gif' } },
    ],
  },
  {
    name: 'broken',
    get: () => {
      throw new Error('/secret/path of the host');
    },
  },
  { name: 'wrong', get: () => 5 as never },
];
const resources: readonly McpResource[] = [
  { name: 'readme', uri: 'notes://readme', read: () => 'read me' },
  {
    name: 'dot',
    uri: 'notes://dot',
    mime: 'image/gif',
    read: () => Uint8Array.from(atob(DOT), (of) => of.charCodeAt(0)),
  },
  {
    name: 'now',
    uri: 'notes://now',
    read: () => 'now',
    watch: (changed) => {
      change = changed;
      watching.push('begun');
      return () => void watching.push('ended');
    },
  },
  {
    name: 'torn',
    uri: 'notes://torn',
    read: () => 'torn',
    watch: () => {
      throw new Error('/secret/path of the host');
    },
  },
  {
    name: 'note',
    template: 'notes://of/{id}/text',
    complete: { id: () => ['a', 'b'] },
    read: ({ id }) => (id === 'a b' ? 'a note' : undefined),
  },
  {
    name: 'broken',
    uri: 'notes://broken',
    read: () => Promise.reject(new Error('/secret/path of the host')),
  },
];

const serve = () =>
  serveDoor({}, { mcp: { prompts, resources }, onFault: (error) => void faults.push(error) });

describe.each(Object.keys(REVISIONS) as Revision[])('what an embedder offers over MCP in %s', (revision) => {
  test('prompts are listed, filled in and completed', verifies('MC-01'), async () => {
    await using door = await serve();
    await using connection = await door.connect({ revision });
    const { client } = connection;
    const listed = await client.listPrompts();
    expect(listed.prompts.map(({ name }) => name)).toEqual(['hello', 'review', 'broken', 'wrong']);
    expect(listed.prompts[1]).toMatchObject({
      title: 'Review',
      arguments: [{ name: 'language', required: true }, { name: 'style' }],
    });
    expect((await client.getPrompt({ name: 'hello' })).messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Say hello.' } },
    ]);
    const args = { language: 'Go', style: 'short' };
    expect(await client.getPrompt({ name: 'review', arguments: args })).toMatchObject({
      description: 'Asks for a review',
      messages: [
        { content: { text: 'Go short' } },
        { role: 'assistant', content: { type: 'image', data: DOT } },
      ],
    });
    const ref = { type: 'ref/prompt', name: 'review' } as const;
    const { completion } = await client.complete({ ref, argument: { name: 'language', value: 'g' } });
    expect([
      completion.values.slice(0, 2),
      completion.values.length,
      completion.total,
      completion.hasMore,
    ]).toEqual([['g1', 'nobody'], 100, 202, true]);
    const none = await client.complete({ ref, argument: { name: 'style', value: '' } });
    expect(none.completion.values).toEqual([]);
    for (const wrong of [
      { name: 'nope' },
      { name: 'review', arguments: {} },
      { name: 'review', arguments: { ...args, other: 'x' } },
    ])
      await expect(client.getPrompt(wrong)).rejects.toMatchObject({ code: -32602 });
  });

  test('resources are listed and read, by template, too', verifies('MC-01'), async () => {
    await using door = await serve();
    await using connection = await door.connect({ revision });
    const { client } = connection;
    const listed = await client.listResources();
    expect(listed.resources.map(({ uri }) => uri)).toEqual([
      'notes://readme',
      'notes://dot',
      'notes://now',
      'notes://torn',
      'notes://broken',
    ]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'sandglass://artifacts/{id}{?offset,length}',
      'notes://of/{id}/text',
    ]);
    const read = async (uri: string) => (await client.readResource({ uri })).contents;
    expect(await read('notes://readme')).toEqual([
      { uri: 'notes://readme', mimeType: 'text/plain', text: 'read me' },
    ]);
    expect(await read('notes://dot')).toEqual([{ uri: 'notes://dot', mimeType: 'image/gif', blob: DOT }]);
    expect(await read('notes://of/a%20b/text')).toMatchObject([{ text: 'a note' }]);
    const ref = { type: 'ref/resource', uri: 'notes://of/{id}/text' } as const;
    const { completion } = await client.complete({ ref, argument: { name: 'id', value: '' } });
    expect(completion.values).toEqual(['a', 'b']);
    for (const uri of [
      'notes://of/c/text',
      'notes://of/a%20b/text/more',
      'notes://of//text',
      `notes://${'x'.repeat(3_000)}`,
    ])
      await expect(read(uri)).rejects.toThrow(/not found|Unknown|unknown/i);
  });

  test('what their functions throw is told to no client', verifies('ER-05'), async () => {
    await using door = await serve();
    await using connection = await door.connect({ revision });
    const { client } = connection;
    faults.length = 0;
    for (const ask of [
      client.getPrompt({ name: 'broken' }),
      client.readResource({ uri: 'notes://broken' }),
    ]) {
      const error: unknown = await ask.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: -32603 });
      expect(String(error)).not.toContain('secret');
    }
    expect(faults.map(String)).toEqual(Array(2).fill('Error: /secret/path of the host'));
  });
});

test('a client that subscribes is told of changes, until it takes that back', verifies('MC-01'), async () => {
  await using door = await serve();
  await using connection = await door.connect({ revision: '2025-11-25' });
  const { client } = connection;
  watching.length = 0;
  let told = Promise.withResolvers<string>();
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => told.resolve(params.uri));
  for (let times = 0; times < 2; times += 1) await client.subscribeResource({ uri: 'notes://now' });
  change();
  expect(await told.promise).toBe('notes://now');
  expect(watching).toEqual(['begun']);
  told = Promise.withResolvers();
  await client.unsubscribeResource({ uri: 'notes://now' });
  expect(watching).toEqual(['begun', 'ended']);
  change();
  await client.ping();
  expect(await Promise.race([told.promise, Promise.resolve('nothing')])).toBe('nothing');
  await expect(client.subscribeResource({ uri: 'notes://nope' })).rejects.toThrow();
});

test('a resource is watched as long as anybody subscribes, and by nobody who has left', async () => {
  await using door = await serve();
  watching.length = 0;
  const connections = [];
  for (let count = 0; count < 3; count += 1) {
    const connection = await door.connect({ revision: '2025-11-25' });
    await connection.client.subscribeResource({ uri: 'notes://now' });
    connections.push(connection);
  }
  expect(watching).toEqual(['begun']);
  for (const connection of connections) {
    expect(watching).toEqual(['begun']);
    // A client that says goodbye to its session, and unsubscribes from nothing.
    await (connection.client.transport as StreamableHTTPClientTransport).terminateSession();
    await connection[Symbol.asyncDispose]();
  }
  expect(watching).toEqual(['begun', 'ended']);

  await using modern = await door.connect({ revision: '2026-07-28' });
  const told = Promise.withResolvers<string>();
  modern.client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
    told.resolve(params.uri),
  );
  const subscription = await modern.client.listen({ resourceSubscriptions: ['notes://now'] });
  expect(watching).toEqual(['begun', 'ended', 'begun']);
  change();
  expect(await told.promise).toBe('notes://now');
  await subscription.close();
  await expect.poll(() => watching.at(-1), { timeout: 60_000 }).toBe('ended');
});

test(
  'a watch that throws is told to the embedder, and its client is subscribed',
  verifies('ER-05'),
  async () => {
    await using door = await serve();
    await using connection = await door.connect({ revision: '2025-11-25' });
    faults.length = 0;
    await connection.client.subscribeResource({ uri: 'notes://torn' });
    await connection.client.unsubscribeResource({ uri: 'notes://torn' });
    expect(faults.map(String)).toEqual(['Error: /secret/path of the host']);
  },
);

test('a tool answers in parts: pictures, sound, resources', verifies('MC-02'), async () => {
  const content = [
    { type: 'text', text: 'a dot' },
    { type: 'image', data: DOT, mimeType: 'image/gif' },
    { type: 'resource', resource: { uri: 'a://b', text: 'inside' } },
  ];
  await using inner = await serveDoor();
  inner.runtime.tools.register(
    { name: 'draw', description: 'Draws' },
    { language: 'js', code: `export const run = () => (${JSON.stringify({ content })})` },
  );
  inner.runtime.tools.register(
    { name: 'beep', description: 'Beeps' },
    { language: 'js', code: `export const run = () => ({ mime: 'audio/wav', base64: 'AAAA' })` },
  );
  await using connection = await inner.connect({ revision: '2026-07-28' });
  const drawn = await connection.client.callTool({ name: 'draw', arguments: {} });
  expect(drawn.content).toEqual([
    { type: 'text', text: 'a dot\n[image: image/gif]\ninside' },
    content[1],
    content[2],
  ]);
  inner.runtime.tools.register(
    { name: 'long', description: 'Embeds much', text: { maxChars: 200 } },
    {
      language: 'js',
      code: `export const run = () => ({ content: [{ type: 'resource', resource: { uri: 'a://b', text: 'x'.repeat(5_000) } }] })`,
    },
  );
  const long = await connection.client.callTool({ name: 'long', arguments: {} });
  expect(long.content.map(({ type }) => type)).toEqual(['text', 'resource_link']);
  const beep = await connection.client.callTool({ name: 'beep', arguments: {} });
  expect(beep.content).toContainEqual({ type: 'audio', data: 'AAAA', mimeType: 'audio/wav' });
});
