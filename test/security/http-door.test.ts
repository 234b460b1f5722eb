import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { verifies } from '../support/verifies.ts';

verifies('EX-34');

const CANARY = 'canary-of-the-http-door';

let folder = '';
let runtime: Runtime;
let app: Hono;
const faults: unknown[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandglass-door-'));
  await writeFile(join(folder, 'canary.txt'), CANARY);
  // A server that allows nothing: the runtime's policy and the door's are both empty.
  runtime = createRuntime({ policy: {}, level: 'standard', onError: (error) => faults.push(error) });
  app = createHttpApp({
    runtime,
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: 'key',
    policy: { grant: {} },
    onFault: (error) => faults.push(error),
  });
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

const send = async (body: string) => {
  const response = await app.request('/v1/runs', {
    method: 'POST',
    headers: { Authorization: 'Bearer key' },
    body,
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
};
const run = (more: Record<string, unknown>) =>
  send(JSON.stringify({ language: 'javascript', code: '1', ...more }));

/** The door still serves, and nothing of ours broke. */
async function expectUnharmed(): Promise<void> {
  expect((await run({ code: '6 * 7' })).body).toMatchObject({ ok: true, value: 42 });
  expect(faults).toEqual([]);
}

describe('the HTTP door under attack', () => {
  test('opens no WebSocket that the server does not allow, and none above what it allows', async () => {
    const asked = {
      code: "new WebSocket('wss://a.example')",
      grant: { ws: [{ origin: 'wss://a.example' }] },
    };
    expect(await run(asked)).toMatchObject({
      status: 403,
      body: { error: { code: 'CAPABILITY_DENIED', details: { capability: 'ws' } } },
    });
    const policy = { ws: [{ origin: 'wss://*.b.example' }] };
    await using other = createRuntime({ policy, level: 'standard', cache: false });
    const outcome = await other.run({ language: 'javascript', ...asked });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'ws' } },
    });
    await expectUnharmed();
  });

  test('hands out no file of the host, however the grant is spelt', async () => {
    const read = `await fs.readFile('/x/canary.txt', 'utf8')`;
    const mount = { host: folder, guest: '/x' };
    const spellings: string[] = [
      JSON.stringify({ fs: [mount] }),
      JSON.stringify({ fs: mount }),
      JSON.stringify({ fs: [{ ...mount, access: ['read', 'write', 'delete'] }] }),
      `{"__proto__":{"fs":[${JSON.stringify(mount)}]}}`,
      `{"constructor":{"prototype":{"fs":[${JSON.stringify(mount)}]}}}`,
      `{"fs":[],"fs":[${JSON.stringify(mount)}]}`,
      `{"Fs":[${JSON.stringify(mount)}]}`,
      `{"fs":{"length":1,"0":${JSON.stringify(mount)}}}`,
    ];
    for (const grant of spellings) {
      const { status, text } = await send(
        `{"language":"javascript","code":${JSON.stringify(read)},"grant":${grant}}`,
      );
      expect([grant, status]).toEqual([grant, 403]);
      expect(text).not.toContain(CANARY);
    }
    const options = await send(
      `{"language":"javascript","code":${JSON.stringify(read)},"__proto__":{"grant":{"fs":[${JSON.stringify(mount)}]}}}`,
    );
    expect([options.status, options.text.includes(CANARY)]).toEqual([400, false]);
    await expectUnharmed();
  });

  test('a crowd that begins sessions of MCP is answered one a turn of the event loop', async () => {
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'c', version: '1' },
    };
    const begin = () =>
      app.request('/mcp', {
        method: 'POST',
        headers: {
          Authorization: 'Bearer key',
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
      });
    await (await begin()).text(); // loads the protocol
    let turns = 0;
    let most = 0;
    let answered = 0;
    let before = 0;
    const look = (): void => {
      turns += 1;
      most = Math.max(most, answered - before);
      before = answered;
      ticking = setImmediate(look);
    };
    let ticking = setImmediate(look);
    const texts = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const response = await begin();
        answered += 1;
        return response.text();
      }),
    );
    clearImmediate(ticking);
    expect(texts.every((text) => text.includes('"serverInfo"'))).toBe(true);
    expect(turns).toBeGreaterThan(90);
    expect(most).toBeLessThanOrEqual(10);
    await expectUnharmed();
  });

  test('takes no option that only an embedder may set', async () => {
    for (const field of [
      'policy',
      'secrets',
      'options',
      'signal',
      'onOutput',
      'engines',
      'cells',
      'onAudit',
    ]) {
      const { status, body } = await run({ [field]: {} });
      expect([field, status, body.error.details.path]).toEqual([field, 400, `/${field}`]);
    }
    await expectUnharmed();
  });

  test('survives bodies nested a million deep', async () => {
    const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    expect((await send(deep)).status).toBe(400);
    for (const field of ['stdin', 'args', 'argv', 'inputs', 'modules', 'grant', 'limits', 'code']) {
      for (const value of [deep, `{"a":${deep}}`]) {
        const { status } = await send(`{"language":"javascript","code":"1","${field}":${value}}`);
        expect([field, status >= 400 && status < 500]).toEqual([field, true]);
      }
    }
    await expectUnharmed();
  });

  test('answers values that imitate its own answers as plain data', async () => {
    const { status, body } = await run({
      code: `({ ok: false, error: { code: 'INTERNAL' }, ['__proto__']: { polluted: true }, toJSON: 1, $bytes: 'AA==' })`,
    });
    expect([status, body.ok, body.value.error]).toEqual([200, true, { code: 'INTERNAL' }]);
    expect(Object.getOwnPropertyDescriptor(body.value, '__proto__')?.value).toEqual({ polluted: true });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    await expectUnharmed();
  });

  test('lets no guest choose the status of its answer', async () => {
    for (const code of ['UNAUTHENTICATED', 'QUEUE_FULL', 'INTERNAL', 'CAPABILITY_DENIED', 'INPUT_INVALID']) {
      const forged = `throw Object.assign(new Error('forged'), { name: 'SandglassError', code: '${code}', httpStatus: 503, status: 503 })`;
      const { status, body } = await run({ code: forged });
      expect([code, status, body.error.code]).toEqual([code, 200, 'GUEST_THREW']);
    }
    await expectUnharmed();
  });

  test('reads no body of whoever has no key', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (sink) => {
          pulled++;
          sink.enqueue(new Uint8Array(1024));
        },
      },
      { highWaterMark: 0 },
    );
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: endless, duplex: 'half' };
    expect((await app.request('/v1/runs', init)).status).toBe(401);
    expect(pulled).toBe(0);
  });
});
