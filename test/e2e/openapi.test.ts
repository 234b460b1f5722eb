import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import type { ModuleInfo } from '../../runtime/contracts/api/module.ts';
import type { ToolFacts } from '../../runtime/contracts/api/tool-call.ts';
import { createClient, SandglassHttpError } from '../../runtime/doors/client/index.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { inspectUpload } from '../../runtime/index.ts';
import type { OutcomeMeta } from '../../runtime/vocabulary/outcome.ts';
import { buildAdder } from '../support/adder.ts';
import { runCli } from '../support/command-line.ts';
import { KEY, type ServedDoor, serveDoor } from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

let door: ServedDoor;
let cwd = '';
const GREET = `/* sandglass:tool {"name":"greet","description":"Greets","input":{"who":{"type":"string"}}} */
export const run = ({ who }) => { console.log('greeting'); if (who === 'nobody') throw new TypeError('there is nobody'); return 'hello ' + who }`;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-doors-'));
  await writeFile(join(cwd, 'greet.js'), GREET);
  door = await serveDoor({ level: 'standard', tools: { builtin: true, dirs: [join(cwd, 'greet.js')] } });
});
afterAll(async () => {
  await door[Symbol.asyncDispose]();
  await rm(cwd, { recursive: true });
});

test(
  'the document of the API is one of OpenAPI 3.1, by a validator of others',
  verifies('DX-03'),
  async () => {
    const response = await fetch(new URL('/openapi.json', door.url));
    const document = await response.json();
    const { valid, errors } = await new Validator().validate(document);
    expect([valid, errors]).toEqual([true, undefined]);
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/v1/runs', '/v1/tools/{name}/call', '/v1/runs/{id}/events', '/health']),
    );
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path as object));
    for (const { responses } of operations as { responses: object }[])
      expect(Object.keys(responses)).toEqual(
        expect.arrayContaining(['400', '401', '404', '405', '429', '500', '503']),
      );
    const page = await fetch(new URL('/docs', door.url));
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('POST /v1/tools/{name}/call');
  },
);

/** What no two calls have in common: ids and times. */
function withoutIdsAndTimes(outcome: object): object {
  const { usage, meta, trace, callId: _, ...rest } = JSON.parse(JSON.stringify(outcome));
  const { durationMs: __, cpuMs: ___, coldStart: ____, memoryBytes: _____, ...used } = usage;
  const { runId: ______, queuedMs: _______, ...told } = meta;
  return {
    ...rest,
    usage: used,
    meta: told,
    trace: trace.map(({ stage, code }: { stage: string; code?: string }) => [stage, code]),
  };
}

test.each(['you', 'nobody'])(
  'a call with %s ends the same through library, HTTP, MCP and command line',
  verifies('RS-01'),
  async (who) => {
    const args = { who };
    const library = await door.runtime.tools.call('greet', args);
    const client = createClient({ url: door.url, key: KEY });
    const http = await client.tools.call('greet', args);
    await using mcp = await door.connect({ revision: '2026-07-28' });
    const { structuredContent } = await mcp.client.callTool({ name: 'greet', arguments: args });
    const command = await runCli(['call', './greet.js', JSON.stringify(args), '--json'], { cwd });
    const expected = withoutIdsAndTimes(library);
    expect(expected).toMatchObject(
      who === 'you' ? { ok: true, value: 'hello you' } : { ok: false, error: { code: 'GUEST_THREW' } },
    );
    expect(withoutIdsAndTimes(http)).toEqual(expected);
    expect(withoutIdsAndTimes(structuredContent as object)).toEqual(expected);
    expect(withoutIdsAndTimes(JSON.parse(command.out))).toEqual(expected);
  },
);

test('the typed client runs, calls, follows and cancels', verifies('XT-11'), async () => {
  const client = createClient({ url: door.url.href, key: KEY });
  expect(await client.health()).toMatchObject({ status: 'healthy', remote: 'disabled' });
  const ran = await client.run({
    language: 'js',
    code: `await fs.writeFile('/tmp/a', 'abc'); 6 * 7`,
    collect: ['a'],
  });
  expect(ran).toMatchObject({ ok: true, value: 42 });
  expect(ran.files).toEqual({ a: new TextEncoder().encode('abc') });
  const put = await client.run({
    language: 'js',
    code: `(await fs.readFile('/tmp/in')).length`,
    files: { in: new Uint8Array([1, 2, 3]) },
  });
  expect(put).toMatchObject({ ok: true, value: 3 });
  const events = [];
  for await (const event of client.stream({ language: 'js', code: `console.log('a'); 1` }))
    events.push(event);
  expect(events.map(({ event }) => event)).toEqual(['run', 'output', 'outcome']);
  expect(events.at(-1)).toMatchObject({ data: { ok: true, value: 1 } });
  const { id } = await client.start({
    language: 'js',
    code: 'for (;;) {}',
    limits: { fuel: Number.MAX_SAFE_INTEGER },
  });
  expect(await client.runs.cancel(id)).toMatchObject({
    state: 'done',
    outcome: { error: { code: 'CANCELLED' } },
  });
  const followed = [];
  for await (const { event } of client.runs.follow(id)) followed.push(event);
  expect(followed.at(-1)).toBe('outcome');
  expect((await client.tools.list({ search: 'greets' })).tools.map(({ name }) => name)).toContain('greet');
  expect((await client.tools.search('greets'))[0]).toMatchObject({ name: 'greet' });
  expect(await client.tools.callMany([{ tool: 'greet', args: { who: 'a' } }])).toMatchObject([
    { ok: true, value: 'hello a' },
  ]);
  const refused = client.run({ language: 'cobol', code: '1' });
  await expect(refused).rejects.toMatchObject({
    name: 'SandglassHttpError',
    status: 400,
    code: 'UNSUPPORTED',
  });
  await expect(refused).rejects.toBeInstanceOf(SandglassHttpError);
  await expect(createClient({ url: door.url, key: 'x' }).tools.info('greet')).rejects.toMatchObject({
    status: 401,
    code: 'UNAUTHENTICATED',
  });
});

test(
  'the typed client has the trace of a run and of a call, and uploads modules',
  verifies('XT-11'),
  async () => {
    await using own = await serveDoor({}, { modules: createModuleStore({ inspect: inspectUpload }) });
    const client = createClient({ url: own.url, key: KEY });
    const [step] =
      (await client.run({ language: 'js', code: `await fs.writeFile('/tmp/a', 'b'); 1`, trace: true })).meta
        .trace ?? [];
    expectTypeOf(step).toEqualTypeOf<NonNullable<OutcomeMeta['trace']>[number] | undefined>();
    expect(step).toMatchObject({ kind: 'run.started', engine: 'quickjs' });
    expect((await client.run({ language: 'js', code: '1' })).meta.trace).toBeUndefined();

    own.runtime.tools.register(
      { name: 'one', description: 'Answers one' },
      { language: 'js', code: 'export const run = () => 1' },
    );
    const called = await client.tools.call('one', {}, { trace: true });
    expectTypeOf(called.trace).toEqualTypeOf<ToolFacts['trace']>();
    expect(called.trace.map(({ stage }) => stage)).toContain('validate');

    const uploaded = await client.modules.upload(await buildAdder());
    expectTypeOf(uploaded.kind).toEqualTypeOf<ModuleInfo['kind']>();
    expect(uploaded).toMatchObject({
      kind: 'component',
      bytes: expect.any(Number),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await client.run({ module: uploaded.hash, invoke: 'add', args: [1, 2] })).toMatchObject({
      ok: true,
      value: 3,
    });
    await expect(client.modules.upload(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({
      status: 400,
      code: 'MODULE_INVALID',
    });
    // @ts-expect-error: a module is bytes
    await expect(client.modules.upload('text')).rejects.toBeInstanceOf(SandglassHttpError);
  },
);
