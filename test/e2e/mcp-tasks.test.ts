import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyHolder } from '../../runtime/auth/api-key.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { KEY, type ServedDoor, serveDoor } from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

const TASKS = 'io.modelcontextprotocol/tasks';
const holder = (id: string): KeyHolder => ({
  caller: { id, permissions: ['*'] },
  tools: undefined,
  rate: id === 'rated' ? { calls: 2, perMs: 600_000 } : undefined,
});
/** How long ended runs are kept: tasks say so. */
const KEPT_MS = 123_000;

let door: ServedDoor;
beforeAll(async () => {
  door = await serveDoor(
    {},
    {
      mcp: { taskAfterMs: 1 },
      store: { ttlMs: KEPT_MS },
      holderOf: async (text) => (['alice', 'bob', 'rated'].includes(text) ? holder(text) : undefined),
    },
  );
  const tool = (name: string, code: string): void =>
    void door.runtime.tools.register(
      { name, description: name, limits: { timeoutMs: 120_000 } },
      { language: 'js', code: `export const run = async () => { ${code} }` },
    );
  tool('soon', 'await new Promise((done) => setTimeout(done, 50)); return 6 * 7');
  tool('fails', "await new Promise((done) => setTimeout(done, 50)); throw new Error('no')");
  tool('long', 'await new Promise((done) => setTimeout(done, 110_000))');
});
afterAll(() => door[Symbol.asyncDispose]());

interface Answer {
  readonly result: Record<string, unknown> & { readonly taskId: string; readonly status: string };
  readonly error: { readonly code: number; readonly data?: unknown };
}

/** One message, and its answer as it is on the wire. */
async function post(method: string, params: object, headers: Record<string, string>, key = KEY) {
  const response = await fetch(new URL('mcp', door.url), {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${key}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      ...(method.startsWith('notifications/') ? {} : { id: 1 }),
      method,
      params,
    }),
  });
  const text = await response.text();
  const json = text.startsWith('{') ? text : (/^data: (\{.*"id":1.*\})$/m.exec(text)?.[1] ?? '{}');
  return { headers: response.headers, answer: JSON.parse(json) as Answer };
}

describe('tasks of 2026-07-28', verifies('MC-01', 'MC-02'), () => {
  const call = async (
    method: string,
    params: { readonly name?: string; readonly taskId?: string; readonly arguments?: object },
    { extensions = { [TASKS]: {} }, key }: { extensions?: object; key?: string } = {},
  ): Promise<Answer> => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': { extensions },
    };
    const name = params.name ?? params.taskId;
    return (
      await post(
        method,
        { ...params, _meta },
        {
          'MCP-Protocol-Version': '2026-07-28',
          'Mcp-Method': method,
          ...defined({ 'Mcp-Name': name }),
        },
        key,
      )
    ).answer;
  };
  const ended = async (taskId: string): Promise<Answer['result']> => {
    await expect
      .poll(async () => (await call('tasks/get', { taskId })).result.status, { timeout: 60_000 })
      .not.toBe('working');
    return (await call('tasks/get', { taskId })).result;
  };

  test('a call that goes on is a task, and the task has its result', async () => {
    const { result } = await call('tools/call', { name: 'soon', arguments: {} });
    expect(result).toMatchObject({ resultType: 'task', status: 'working', pollIntervalMs: 2_000 });
    expect(result.ttlMs).toBe(KEPT_MS);
    expect(await ended(result.taskId)).toMatchObject({
      resultType: 'complete',
      status: 'completed',
      result: { content: [{ type: 'text', text: '42' }], structuredContent: { ok: true, value: 42 } },
    });
    const failed = await call('tools/call', { name: 'fails', arguments: {} });
    expect(await ended(failed.result.taskId)).toMatchObject({
      status: 'completed',
      result: { isError: true, structuredContent: { error: { code: 'GUEST_THREW' } } },
    });
  });

  test('a task is cancelled by its own caller, and another does not find it', async () => {
    const { result } = await call('tools/call', { name: 'long', arguments: {} }, { key: 'alice' });
    const { taskId } = result;
    for (const method of ['tasks/get', 'tasks/cancel', 'tasks/update'])
      expect((await call(method, { taskId }, { key: 'bob' })).error.code).toBe(-32602);
    expect((await call('tasks/update', { taskId }, { key: 'alice' })).result).toMatchObject({
      resultType: 'complete',
    });
    expect((await call('tasks/cancel', { taskId }, { key: 'alice' })).result).not.toHaveProperty('status');
    expect(await ended(taskId)).toMatchObject({ status: 'cancelled' });
  });

  test('a call counts once, however often its task is looked at', verifies('AU-07'), async () => {
    const rated = { key: 'rated' };
    const { result } = await call('tools/call', { name: 'long', arguments: {} }, rated);
    const { taskId } = result;
    for (let look = 0; look < 5; look++)
      expect((await call('tasks/get', { taskId }, rated)).result.status).toBe('working');
    await call('tasks/cancel', { taskId }, rated);
    expect((await call('tools/call', { name: 'soon', arguments: {} }, rated)).result).toHaveProperty(
      'taskId',
    );
    expect(await call('tools/call', { name: 'soon', arguments: {} }, rated)).toMatchObject({
      error: { code: 'RATE_LIMITED' },
    });
  });

  test('a client without tasks waits for its result, and may not ask for tasks', async () => {
    const none = { extensions: {} };
    const { result } = await call('tools/call', { name: 'soon', arguments: {} }, none);
    expect(result).toMatchObject({ resultType: 'complete', structuredContent: { value: 42 } });
    expect((await call('tasks/get', { taskId: 'x' }, none)).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
    });
    for (const method of ['tasks/list', 'tasks/result'])
      expect((await call(method, { taskId: 'x' })).error.code).toBe(-32601);
  });
});

describe('tasks of 2025-11-25', verifies('MC-01', 'MC-02'), () => {
  test('a client asks for a task, looks at it, waits for its result, lists and cancels', async () => {
    const version = { 'MCP-Protocol-Version': '2025-11-25' };
    const begun = await post(
      'initialize',
      { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
      {},
    );
    expect(begun.answer.result.capabilities).toMatchObject({
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
    });
    const session = { ...version, 'Mcp-Session-Id': begun.headers.get('mcp-session-id') ?? '' };
    await post('notifications/initialized', {}, session);
    const call = async (method: string, params: object) => (await post(method, params, session)).answer;
    const task = async (name: string) =>
      (await call('tools/call', { name, arguments: {}, task: { ttl: 60_000 } })).result.task as {
        taskId: string;
        status: string;
      };

    const { tools } = (await call('tools/list', {})).result as unknown as { tools: { execution?: object }[] };
    expect(tools[0]?.execution).toEqual({ taskSupport: 'optional' });
    const soon = await task('soon');
    expect(soon).toMatchObject({ status: 'working', ttl: KEPT_MS, pollInterval: 2_000 });
    // Of the other revision.
    expect((await call('tasks/update', { taskId: soon.taskId })).error.code).toBe(-32601);
    expect((await call('tasks/result', { taskId: soon.taskId })).result).toMatchObject({
      content: [{ type: 'text', text: '42' }],
      _meta: { 'io.modelcontextprotocol/related-task': { taskId: soon.taskId } },
    });
    expect((await call('tasks/get', { taskId: soon.taskId })).result).toMatchObject({ status: 'completed' });
    expect((await call('tasks/cancel', { taskId: soon.taskId })).error.code).toBe(-32602);
    const long = await task('long');
    const { result } = await call('tasks/list', {});
    expect(
      (result.tasks as { taskId: string; status: string }[])
        .slice(0, 2)
        .map(({ taskId, status }) => [taskId, status]),
    ).toEqual([
      [long.taskId, 'working'],
      [soon.taskId, 'completed'],
    ]);
    expect((await call('tasks/cancel', { taskId: long.taskId })).result).toMatchObject({
      status: 'cancelled',
    });
    expect((await call('tasks/get', { taskId: 'none' })).error.code).toBe(-32602);
    // Without the field nothing changes.
    expect((await call('tools/call', { name: 'soon', arguments: {} })).result).toMatchObject({
      structuredContent: { value: 42 },
    });
  });
});
