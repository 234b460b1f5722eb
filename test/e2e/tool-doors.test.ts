import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toJsonForm } from '../../runtime/index.ts';
import { type Connected, KEY, type ServedDoor, serveDoor } from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

let door: ServedDoor;
let mcp: Connected;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-doors-'));
  await writeFile(join(folder, 'hello.txt'), 'héllo');
  door = await serveDoor({
    level: 'standard',
    policy: {
      fs: [{ host: folder, guest: '/data', access: ['read', 'write', 'delete'] }],
      http: [{ origin: 'http://localhost' }],
      browser: {
        origins: ['http://localhost'],
        actions: ['navigate', 'extract', 'interact', 'screenshot'],
      },
      sql: [{ name: 'app', access: ['read', 'write'] }],
      run: {},
      tools: ['*'],
      env: { SEARCH_ENGINES: '{}' },
    },
    sql: { app: 'memory:' },
    tools: { builtin: true, confirm: () => true },
  });
  mcp = await door.connect({ revision: '2026-07-28', answer: () => ({ action: 'accept' }) });
});
afterAll(async () => {
  await mcp?.[Symbol.asyncDispose]();
  await door?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const send = async (path: string, body?: object): Promise<unknown> => {
  const response = await fetch(new URL(path, door.url), {
    headers: { Authorization: `Bearer ${KEY}` },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return response.json();
};
const names = (tools: readonly { readonly name: string }[]): readonly string[] =>
  tools.map(({ name }) => name).sort();

test('every tool that ships is listed by the runtime, by HTTP and by MCP', verifies('RG-07'), async () => {
  const known = names(door.runtime.tools.list());
  const { tools } = (await send('/v1/tools?limit=500')) as { tools: { name: string }[] };
  expect(names(tools)).toEqual(known);
  expect(names((await mcp.client.listTools()).tools)).toEqual(known);
});

/** `read_artifact` answers of other calls; the rest takes seconds, and has tests of its own. */
const LEFT_OUT: ReadonlySet<string> = new Set(['read_artifact', 'draw_chart', 'control_flow']);

test('what needs no grant answers the same through every door', verifies('RG-07'), async () => {
  const pure = door.runtime.tools
    .list()
    .filter(({ capabilities, name }) => capabilities.length === 0 && !LEFT_OUT.has(name));
  expect(pure.length).toBeGreaterThanOrEqual(10);
  for (const { name, examples } of pure) {
    const input = examples[0]?.input ?? {};
    const direct = await door.runtime.tools.call(name, input);
    const value = direct.ok ? toJsonForm(direct.value) : direct.error.code;
    const http = await send(`/v1/tools/${name}/call`, { args: input });
    const { structuredContent } = await mcp.client.callTool({ name, arguments: { ...input } });
    expect([name, http, structuredContent]).toMatchObject([name, { ok: true, value }, { ok: true, value }]);
  }
  const code = `const all = {}; for (const [name, input] of calls) all[name] = await tools[name](input); all`;
  const calls = pure.map(({ name, examples }) => [name, examples[0]?.input ?? {}]);
  const program = await door.runtime.run({
    language: 'javascript',
    code,
    inputs: { calls },
    grant: { tools: ['*'] },
    limits: { timeoutMs: 60_000, outputBytes: 8 * 1024 * 1024 },
  });
  expect(program.ok ? Object.keys(program.value as object).sort() : program.error).toEqual(names(pure));
});

test('a picture is shown to a model that sees, and is a resource as a file', async () => {
  const base64 = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]).toString('base64');
  door.runtime.tools.register(
    { name: 'picture', description: 'Draws' },
    { language: 'js', code: `export const run = () => ({ mime: 'image/png', base64: '${base64}' })` },
  );
  const { content } = await mcp.client.callTool({ name: 'picture', arguments: {} });
  expect(content.map(({ type }) => type)).toEqual(['text', 'image', 'resource_link']);
  expect(content[1]).toEqual({ type: 'image', data: base64, mimeType: 'image/png' });
  const [, , link] = content;
  if (link?.type !== 'resource_link') throw new Error('there is no link');
  const { contents } = await mcp.client.readResource({ uri: link.uri });
  expect(contents).toMatchObject([{ blob: base64, mimeType: 'image/png' }]);
  const id = link.uri.split('/').at(-1);
  expect(await send(`/v1/artifacts/${id}`)).toMatchObject({ text: base64, encoding: 'base64' });
});
