import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import type { ToolServer } from '../../runtime/contracts/api/tool-servers.ts';
import { createRuntime, SandglassError } from '../../runtime/index.ts';
import type { RuntimeEvent } from '../../runtime/vocabulary/events.ts';
import { KEY, type ServedDoor, serveDoor } from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

const PIPE = fileURLToPath(new URL('../support/pipe-server.ts', import.meta.url));
const NUMBERS = { a: { type: 'number' }, b: { type: 'number' } } as const;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A host with the API of Arcade, and what it was asked. */
async function serveArcade() {
  const asked: Asked[] = [];
  /** Statuses of the next answers, before it is itself again. */
  const ill: number[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    asked.push({ method, path: url, headers, body });
    const answer = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const status = ill.shift();
    if (status !== undefined) return answer(status, {});
    if (headers.authorization !== `Bearer ${KEY}`)
      return answer(401, { message: `bad key ${headers.authorization}` });
    if (url.startsWith('/v1/tools?'))
      return answer(200, {
        items: ['add', 'fail', 'slow'].map((name) => ({
          qualified_name: name,
          description: `Does ${name}`,
          input: {
            parameters: (name === 'add' ? ['a', 'b'] : []).map((parameter) => ({
              name: parameter,
              required: true,
              value_schema: { val_type: 'number' },
            })),
          },
        })),
      });
    const { tool_name: name, input } = JSON.parse(body);
    if (name === 'slow') return; // never answers
    if (name === 'fail')
      return answer(200, {
        success: false,
        output: { error: { message: 'it went wrong', can_retry: false } },
      });
    return answer(200, { success: true, output: { value: { sum: input.a + input.b } } });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    ill,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

let door: ServedDoor;
let arcade: Awaited<ReturnType<typeof serveArcade>>;
beforeAll(async () => {
  door = await serveDoor({ level: 'minimal', cache: false });
  const { tools } = door.runtime;
  tools.register(
    { name: 'add', description: 'Adds', input: NUMBERS, output: { type: 'object' } },
    { trusted: true, run: ({ a, b }) => ({ sum: Number(a) + Number(b) }) },
  );
  tools.register(
    { name: 'fail', description: 'Fails' },
    {
      trusted: true,
      run: () => {
        throw new Error('it went wrong');
      },
    },
  );
  tools.register(
    { name: 'slow', description: 'Never ends' },
    { trusted: true, run: () => new Promise(() => undefined) },
  );
  arcade = await serveArcade();
});
afterAll(async () => {
  await door[Symbol.asyncDispose]();
  arcade.close();
});

const SECRET = {
  'the-key': { kind: 'bearer', token: KEY },
  wrong: { kind: 'bearer', token: 'not-the-key-at-all' },
} as const;
const HOSTS: Readonly<Record<string, () => ToolServer>> = {
  'MCP over pipes': () => ({ command: process.execPath, args: [PIPE] }),
  'MCP over HTTP': () => ({ url: new URL('/mcp', door.url), secret: 'the-key' }),
  'another Sandglass': () => ({ url: new URL('/', door.url), kind: 'sandglass', secret: 'the-key' }),
  'an Arcade': () => ({ url: arcade.url, kind: 'arcade', secret: 'the-key', user: 'ada@example.com' }),
};
const withServer = (server: ToolServer, more: Parameters<typeof createRuntime>[0] = {}): Runtime =>
  createRuntime({
    level: 'minimal',
    cache: false,
    secrets: SECRET,
    onNotice: () => undefined,
    ...more,
    tools: { servers: { far: server }, ...more.tools },
  });

describe.each(Object.entries(HOSTS))('tools of %s', (kind, server) => {
  verifies('MC-04', 'MC-05', 'MC-07', 'MC-13');
  let runtime: Runtime;
  const events: RuntimeEvent[] = [];
  beforeAll(async () => {
    runtime = withServer(server());
    for (const event of ['tool.called', 'tool.progress'] as const)
      runtime.on(event, (told) => events.push(told));
    await runtime.tools.ready();
  });
  afterAll(() => runtime.close());

  test('stand among those here, under a prefix', () => {
    const [info] = runtime.tools.servers.list();
    expect(info).toMatchObject({ name: 'far', state: 'ready', changes: [] });
    expect(info?.tools).toEqual(expect.arrayContaining(['far_add', 'far_fail', 'far_slow']));
    expect(runtime.tools.info('far_add')).toMatchObject({
      kind: 'remote',
      server: 'far',
      trusted: false,
      input: { required: ['a', 'b'] },
      capabilities: [],
    });
  });

  test('are called by the same pipeline: checked, counted, told', async () => {
    const outcome = await runtime.tools.call('far_add', { a: '5', b: 3 });
    const value = outcome.ok ? (outcome.value as Record<string, unknown>) : outcome.error;
    // Over MCP the structured content of a Sandglass is the outcome of its call.
    expect('value' in value ? value.value : value).toEqual({ sum: 8 });
    expect(outcome.trace.map(({ stage }) => stage)).toEqual(
      expect.arrayContaining(['find', 'validate', 'permit', 'run']),
    );
    expect(await runtime.tools.call('far_add', { a: 'five' })).toMatchObject({
      ok: false,
      error: { code: 'INPUT_INVALID' },
    });
    expect(runtime.tools.info('far_add')?.uses.count).toBe(2);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'tool.called', tool: 'far_add', ok: true }),
    );
  });

  test('fail with an outcome', async () => {
    const outcome = await runtime.tools.call('far_fail', {});
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'GUEST_THREW', message: expect.stringContaining('it went wrong') },
    });
  });

  test('end at the deadline of the call', async () => {
    const outcome = await runtime.tools.call('far_slow', {}, { timeoutMs: 300, retries: 0 });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
  });

  test('are called by programs, as their grant says', async () => {
    const code = 'const { sum, value } = await tools.far_add({ a: 2, b: 2 }); sum ?? value.sum';
    const run = { language: 'js', code } as const;
    expect(await runtime.run({ ...run, grant: { tools: ['far_*'] } })).toMatchObject({ ok: true, value: 4 });
    const other = await runtime.run({ ...run, grant: { tools: ['near_*'] } });
    expect(other.ok).toBe(false);
  });

  test('have no more rights than the runtime gives', async () => {
    const strict = await runtime.tools.call('far_add', { a: 1, b: 1 }, { level: 'strict' });
    expect(strict).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
    await using denying = withServer(server(), { tools: { deny: ['far_*'] } });
    expect(await denying.tools.call('far_add', { a: 1, b: 1 })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED' },
    });
  });

  test('are gone once their server is taken away', async () => {
    await using other = withServer(server());
    await other.tools.ready();
    expect(await other.tools.servers.unmount('far')).toBe(true);
    expect(other.tools.list()).toEqual([]);
    const report = await other.tools.servers.mount('again', { ...server(), prefix: 'x.', only: ['a*'] });
    expect(report.registered.map(({ name }) => name)).toEqual(['x.add']);
    expect(kind).not.toBe('');
  });
});

describe.each(Object.entries(HOSTS).filter(([kind]) => kind !== 'MCP over pipes'))(
  '%s with a key that is refused',
  (kind, server) => {
    verifies('MC-10');
    test('says so, names the host, and never the key', async () => {
      await using runtime = withServer({ ...server(), secret: 'wrong' } as ToolServer);
      const { skipped } = await runtime.tools.ready();
      expect(skipped).toMatchObject([
        { path: 'far', error: { code: 'HOST_CALL_FAILED', details: { reason: 'refused' } } },
      ]);
      expect(JSON.stringify(skipped)).not.toContain('not-the-key-at-all');
      expect(JSON.stringify(skipped)).toContain('401');
      expect(kind).not.toBe('');
    });
  },
);

test(
  'a host that does not take a request is asked four times in all, and what it takes once is not asked again',
  verifies('MC-08'),
  async () => {
    await using runtime = withServer(HOSTS['an Arcade']?.() as ToolServer);
    await runtime.tools.ready();
    const count = (): number => arcade.asked.filter(({ path }) => path === '/v1/tools/execute').length;
    const before = count();
    arcade.ill.push(503, 503, 503);
    expect(await runtime.tools.call('far_add', { a: 5, b: 3 })).toMatchObject({
      ok: true,
      value: { sum: 8 },
    });
    expect(count() - before).toBe(4);
    arcade.ill.push(503, 503, 503, 503);
    expect(await runtime.tools.call('far_add', { a: 5, b: 3 })).toMatchObject({
      ok: false,
      error: { code: 'HOST_CALL_FAILED', message: expect.stringContaining('503'), retryable: true },
    });
    expect(count() - before).toBe(8);
    arcade.ill.push(500);
    await runtime.tools.call('far_add', { a: 5, b: 3 });
    expect(count() - before).toBe(9);
    const last = arcade.asked.at(-1);
    expect(last?.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(JSON.parse(last?.body ?? '{}')).toMatchObject({ user_id: 'ada@example.com', tool_name: 'add' });
  },
);

test('progress of a server is told while the call goes on', verifies('MC-11'), async () => {
  await using runtime = withServer(HOSTS['MCP over pipes']?.() as ToolServer);
  const told: unknown[] = [];
  runtime.on('tool.progress', ({ message, progress, total }) => told.push([progress, total, message]));
  runtime.on('tool.called', () => told.push('called'));
  await runtime.tools.call('far_steps', {});
  expect(told).toEqual([[1, 3, 'step 1'], [2, 3, 'step 2'], [3, 3, 'step 3'], 'called']);
});

describe('a tool that is here and there', () => {
  verifies('MC-09');
  const here = (answer: () => unknown) => ({ trusted: true as const, run: answer });
  async function routed(
    routing: 'local' | 'remote' | 'hybrid',
    answer: () => unknown,
    more: Parameters<typeof createRuntime>[0] = {},
  ) {
    const runtime = withServer({ ...(HOSTS['an Arcade']?.() as ToolServer), routing }, more);
    runtime.tools.register(
      { name: 'add', description: 'Adds here', input: NUMBERS, idempotent: false },
      here(answer),
    );
    await runtime.tools.ready();
    return runtime;
  }
  const executed = (): number => arcade.asked.filter(({ path }) => path === '/v1/tools/execute').length;
  const busy = (): never => {
    const { code, message } = { code: 'HOST_CALL_FAILED' as const, message: 'busy' };
    throw new SandglassError(code, message, { retryable: true });
  };

  test('local: the server is never asked, and what is only there cannot be called', async () => {
    await using runtime = await routed('local', busy);
    const before = executed();
    expect(await runtime.tools.call('add', { a: 1, b: 2 })).toMatchObject({
      ok: false,
      error: { code: 'HOST_CALL_FAILED' },
    });
    expect(await runtime.tools.call('fail', {})).toMatchObject({
      ok: false,
      error: { code: 'TOOL_NOT_FOUND' },
    });
    expect(executed()).toBe(before);
  });

  test('hybrid: here first, there what is not here or failed for now', async () => {
    await using runtime = await routed('hybrid', () => 'here');
    const before = executed();
    expect(await runtime.tools.call('add', { a: 1, b: 2 })).toMatchObject({ ok: true, value: 'here' });
    expect(executed()).toBe(before);
    expect(await runtime.tools.call('fail', {})).toMatchObject({ ok: false, error: { code: 'GUEST_THREW' } });
    await using failing = await routed('hybrid', busy);
    expect(await failing.tools.call('add', { a: 1, b: 2 })).toMatchObject({
      ok: true,
      value: { sum: 3 },
      meta: { fallback: 'remote' },
    });
  });

  test('remote: there first, here when it is down', async () => {
    await using runtime = await routed('remote', () => 'here');
    expect(await runtime.tools.call('add', { a: 1, b: 2 })).toMatchObject({ ok: true, value: { sum: 3 } });
    arcade.ill.push(503, 503, 503, 503);
    const outcome = await runtime.tools.call('add', { a: 1, b: 2 });
    expect(outcome).toMatchObject({ ok: true, value: 'here', meta: { fallback: 'local' } });
  });

  test('a refusal is final, wherever it comes from', async () => {
    const refusing = (): never => {
      throw new SandglassError('CAPABILITY_DENIED', 'not for you');
    };
    await using local = await routed('hybrid', refusing);
    const before = executed();
    expect(await local.tools.call('add', { a: 1, b: 2 })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED' },
    });
    await using denying = await routed('hybrid', busy, { tools: { deny: ['add'] } });
    expect(await denying.tools.call('add', { a: 1, b: 2 })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED' },
    });
    expect(executed()).toBe(before);
    await using remote = await routed('remote', () => 'here');
    arcade.ill.push(403);
    expect(await remote.tools.call('add', { a: 1, b: 2 })).toMatchObject({
      ok: false,
      error: { retryable: false },
    });
    // At a level without network only the one here is left.
    expect(await remote.tools.call('fail', {}, { level: 'strict' })).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED' },
    });
  });
});
