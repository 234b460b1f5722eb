import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createHttpHostFunction } from '../../../host-functions/http/http.ts';
import { createWsHostFunction } from '../../../host-functions/http/ws.ts';
import type { AnyHostFunction } from '../../../runtime/contracts/host-function.ts';
import { openGate } from '../../../runtime/gate/open-gate.ts';
import { createBudget } from '../../../runtime/vocabulary/budget.ts';
import { readCaller } from '../../../runtime/vocabulary/caller.ts';
import { createEventStream } from '../../../runtime/vocabulary/event-stream.ts';
import type { HostCalled } from '../../../runtime/vocabulary/events.ts';
import type { JsonValue } from '../../../runtime/vocabulary/json.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { startServer } from '../../support/http-harness.ts';
import { createNodeFs } from '../../support/node-fs.ts';
import { TEST_RUN } from '../../support/run-identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'resources-'));
mkdirSync(join(folder, 'sub'));
writeFileSync(join(folder, 'sub', 'a.txt'), 'a');
afterAll(() => rmSync(folder, { recursive: true }));

interface OpenOptions {
  readonly permissions?: readonly string[];
  readonly noNetwork?: boolean;
  readonly heard?: boolean;
}

async function open(host: AnyHostFunction, part: JsonValue, options: OpenOptions = {}) {
  const { permissions, noNetwork = false, heard: isHeard = true } = options;
  const events = createEventStream();
  const heard: HostCalled[] = [];
  if (isHeard) events.on('host.called', (event) => heard.push(event));
  const caller = permissions === undefined ? undefined : readCaller({ id: 'ada', permissions }, 'run');
  const gate = await openGate({
    identity: caller === undefined ? TEST_RUN : { ...TEST_RUN, caller },
    budget: createBudget(mergeLimits([]), () => 0),
    events,
    parts: new Map([[host.name, host.parse?.(part, `grant.${host.name}`)]]),
    hostFunctions: new Map([[host.name, host]]),
    noNetwork,
    level: 'standard',
    context: { readOnlyFiles: false, noHostFiles: false, secret: () => undefined, now: () => 0 },
    monotonic: () => 0,
  });
  const call = async (operation: string, args: object, bytes?: Uint8Array) =>
    gate.call(operation, args, bytes);
  const told = () => heard.map(({ operation, resource, code }) => [operation, resource, code]);
  return { gate, call, told };
}

const files = (options?: OpenOptions) =>
  open(
    createNodeFs(),
    [{ host: folder, guest: '/data', access: ['read', 'write'] }] as unknown as JsonValue,
    options,
  );

describe('fs states', () => {
  test('the absolute guest path of each call, through folder handles and open files too', async () => {
    const { gate, call, told } = await files();
    const opened = await call('fs.open', { path: '/data/sub', directory: true });
    const at = opened.ok ? (opened.value as { readonly handle: number }).handle : -1;
    const file = await call('fs.open', { path: 'a.txt', at });
    const handle = file.ok ? (file.value as { readonly handle: number }).handle : -1;
    await call('fs.read', { handle, offset: 0, length: 1 });
    await call('fs.close', { handle });
    await call('fs.stat', { path: '/data/./sub/../sub/a.txt' });
    await call('fs.rename', { path: 'a.txt', at, to: '/data/b.txt' });
    await call('fs.readFile', { path: '/etc/passwd' });
    await call('fs.read', { handle: 999, offset: 0, length: 1 });
    expect(told()).toEqual([
      ['fs.open', { path: '/data/sub' }, undefined],
      ['fs.open', { path: '/data/sub/a.txt' }, undefined],
      ['fs.read', { path: '/data/sub/a.txt' }, undefined],
      ['fs.close', { path: '/data/sub/a.txt' }, undefined],
      ['fs.stat', { path: '/data/sub/a.txt' }, undefined],
      ['fs.rename', { path: '/data/sub/a.txt', to: '/data/b.txt' }, undefined],
      ['fs.readFile', { path: '/etc/passwd' }, 'CAPABILITY_DENIED'],
      ['fs.read', {}, 'HOST_CALL_FAILED'],
    ]);
    await gate.close();
  });

  test('nothing when nobody is told', async () => {
    let asked = 0;
    const fs = createNodeFs();
    const watched: AnyHostFunction = {
      ...(fs as AnyHostFunction),
      operations: Object.fromEntries(
        Object.entries(fs.operations).map(([name, info]) => [
          name,
          { ...info, resource: () => void asked++ },
        ]),
      ),
    };
    const { gate, call } = await open(watched, [], { heard: false });
    await call('fs.stat', { path: '/tmp' });
    expect(asked).toBe(0);
    await gate.close();
  });
});

describe('a caller with permissions', () => {
  test('reads what it may read, writes nothing, and has its scratch folder', async () => {
    const { gate, call } = await files({ permissions: ['fs.read'] });
    const bytes = new Uint8Array([1]);
    expect((await call('fs.list', { path: '/data' })).ok).toBe(true);
    expect(await call('fs.writeFile', { path: '/data/c.txt' }, bytes)).toMatchObject({
      ok: false,
      refusal: {
        code: 'CAPABILITY_DENIED',
        message: expect.stringContaining('no permission for fs.write'),
        details: { capability: 'fs.write', caller: 'ada' },
      },
    });
    const both = await call('fs.open', { path: '/data/b.txt', read: true, write: true });
    expect(both).toMatchObject({ ok: false, refusal: { code: 'CAPABILITY_DENIED' } });
    expect((await call('fs.writeFile', { path: '/tmp/c.txt' }, bytes)).ok).toBe(true);
    await gate.close();
  });

  test('one that may only write cannot read through a file opened for both', async () => {
    const { gate, call } = await files({ permissions: ['fs.write'] });
    const both = await call('fs.open', { path: '/data/new.txt', read: true, write: true, create: true });
    expect(both).toMatchObject({ ok: false, refusal: { code: 'CAPABILITY_DENIED' } });
    await gate.close();
  });
});

describe('http and ws state', () => {
  test('origin, method and path, without query, of the last hop', async () => {
    await using server = await startServer((request, response) => {
      if (request.url?.startsWith('/old') === true) {
        response.writeHead(302, { location: 'https://elsewhere.example/next?token=t' }).end();
      } else response.end('ok');
    });
    const grant = [{ origin: server.origin, methods: ['GET'] }] as unknown as JsonValue;
    const { gate, call, told } = await open(createHttpHostFunction(), grant);
    await call('http.request', { url: `${server.origin}/a/b?key=secret#part` });
    await call('http.request', { url: `${server.origin}/a`, method: 'post' });
    await call('http.request', { url: `${server.origin}/old` });
    const streamed = await call('http.request', { url: `${server.origin}/s?q=1`, stream: true });
    const handle = streamed.ok ? (streamed.value as { readonly body: number }).body : -1;
    await call('http.read', { handle });
    expect(told()).toEqual([
      ['http.request', { origin: server.origin, method: 'GET', path: '/a/b' }, undefined],
      ['http.request', { origin: server.origin, method: 'POST', path: '/a' }, 'CAPABILITY_DENIED'],
      [
        'http.request',
        { origin: 'https://elsewhere.example', method: 'GET', path: '/next' },
        'CAPABILITY_DENIED',
      ],
      ['http.request', { origin: server.origin, method: 'GET', path: '/s' }, undefined],
      ['http.read', { origin: server.origin, method: 'GET', path: '/s' }, undefined],
    ]);
    await gate.close();
  });

  test('it also of a call that never reaches the network', async () => {
    const http = await open(createHttpHostFunction(), [], { noNetwork: true });
    await http.call('http.request', { url: 'https://user:pass@api.example/v1?key=k' });
    const ws = await open(createWsHostFunction(), [], { permissions: ['http'] });
    await ws.call('ws.open', { url: 'wss://live.example/feed?key=k' });
    expect([...http.told(), ...ws.told()]).toEqual([
      ['http.request', { origin: 'https://api.example', method: 'GET', path: '/v1' }, 'CAPABILITY_DENIED'],
      ['ws.open', { origin: 'wss://live.example' }, 'CAPABILITY_DENIED'],
    ]);
  });
});
