import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { serveMcpStdio } from '../../runtime/doors/mcp/stdio.ts';
import { createRuntime } from '../../runtime/index.ts';
import { createArtifactBook } from '../../runtime/work/artifact-book.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import type { RunRecord } from '../../runtime/work/run-records.ts';
import { createRunService } from '../../runtime/work/run-service.ts';
import { createRunStore } from '../../runtime/work/run-store.ts';
import { KEY, type ServedDoor, serveDoor } from '../support/mcp-clients.ts';
import { verifies } from '../support/verifies.ts';

verifies('MC-02', 'MC-03', 'MC-06');
let runtime: Runtime;
let door: ServedDoor;
beforeAll(async () => {
  runtime = createRuntime({ level: 'minimal', cache: false });
  runtime.tools.register(
    { name: 'echo', description: 'Echoes', input: { a: { optional: true } } },
    { trusted: true, run: (args) => args },
  );
  door = await serveDoor({}, { maxMcpBytes: 100_000 });
});
afterAll(async () => {
  await runtime.close();
  await door[Symbol.asyncDispose]();
});

interface Pipes {
  readonly waitingBytes?: () => number;
  readonly flush?: () => Promise<void>;
}

/** What a server over pipes answers to lines, message by message. */
async function answers(lines: AsyncIterable<Uint8Array>, pipes: Pipes = {}): Promise<readonly Answer[]> {
  const written: string[] = [];
  const absent = (): never => {
    throw new TypeError('there are none');
  };
  const runs = createRunService({
    runtime,
    queue: createInProcessScheduler(),
    store: createRunStore<RunRecord>(),
    moduleOf: absent,
    sessionOf: absent,
    onFault: () => undefined,
  });
  const artifacts = createArtifactBook(runtime.artifacts);
  await serveMcpStdio(
    { tools: runtime.tools, runs, artifacts, version: '1.0.0', onFault: () => undefined },
    {
      input: lines,
      write: (text) => void written.push(text),
      get waitingBytes() {
        return pipes.waitingBytes?.() ?? 0;
      },
      flush: pipes.flush ?? (async () => undefined),
    },
    new AbortController().signal,
  );
  return written
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

interface Answer {
  readonly id?: string | number | null;
  readonly result?: object;
  readonly error?: { readonly code: number; readonly message: string };
}

const encoder = new TextEncoder();
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 'begin',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
});
const PING = JSON.stringify({ jsonrpc: '2.0', id: 'last', method: 'ping' });

async function* given(...lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const line of [INITIALIZE, ...lines, PING]) yield encoder.encode(`${line}\n`);
}

const codesOf = (all: readonly Answer[]): readonly (number | undefined)[] =>
  all.map(({ error }) => error?.code);

describe('the MCP door over pipes', () => {
  test.each([
    ['no JSON', 'nonsense', -32700],
    ['JSON cut off', '{"jsonrpc":"2.0","id":1', -32700],
    ['a batch', `[${PING},${PING}]`, -32600],
    ['another protocol', '{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ['a number', '7', -32600],
    ['null', 'null', -32600],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ['nesting without end', '['.repeat(200_000), -32700],
    ['nested objects', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, -32600],
    ['a message over 16 MiB', 'x'.repeat(17 * 1024 * 1024), -32600],
  ])('answers %s, and goes on', async (_what, line, code) => {
    const all = await answers(given(line));
    expect(codesOf(all).filter((one) => one !== undefined)).toEqual([code]);
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(['begin', 'last']));
  });

  test('a flood of batches and of lines that are none is answered line by line', async () => {
    const all = await answers(
      given(...Array.from({ length: 2_000 }, (_, at) => (at % 2 === 0 ? '[]' : '{'))),
    );
    expect(all.filter(({ error }) => error !== undefined)).toHaveLength(2_000);
    expect(all.at(-1)?.id ?? 'last').toBe('last');
  });

  test.each([
    '__proto__',
    'constructor',
    '../../etc/passwd',
    'a\u0000b',
    '',
    'n'.repeat(100_000),
    '\u001b[31m',
  ])('a tool by the name %j is unknown, in few words', async (name) => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } };
    const all = await answers(given(JSON.stringify(call)));
    const { error } = all.find(({ id }) => id === 1) ?? {};
    expect(error?.code).toBe(-32602);
    expect(error?.message.length).toBeLessThan(500);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be in it
    expect(error?.message).not.toMatch(/[\u0000-\u001f]/);
  });

  test('arguments that would change prototypes are refused by the pipeline', async () => {
    const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":{"__proto__":{"polluted":1}}}}}`;
    const all = await answers(given(call));
    expect(all.find(({ id }) => id === 1)?.result).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'INPUT_INVALID' } },
    });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('a client that does not read is not read from', async () => {
    let waiting = 0;
    let flushes = 0;
    let read = 0;
    async function* lines(): AsyncGenerator<Uint8Array> {
      yield encoder.encode(`${INITIALIZE}\n`);
      for (let at = 0; at < 20; at++) {
        read += 1;
        waiting = 17 * 1024 * 1024;
        yield encoder.encode('nonsense\n');
        // Whoever asks for more has waited until the answer had gone out.
        expect(waiting).toBe(0);
      }
    }
    await answers(lines(), {
      waitingBytes: () => waiting,
      flush: async () => {
        flushes += 1;
        waiting = 0;
      },
    });
    expect(read).toBe(20);
    expect(flushes).toBeGreaterThanOrEqual(20);
  });
});

describe('the MCP door over HTTP', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    fetch(new URL('/mcp', door.url), {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${KEY}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        ...headers,
      },
      body,
    });

  test('answers nobody without a key, and no page of another origin', async () => {
    expect((await post(INITIALIZE, { Authorization: 'Bearer x' })).status).toBe(401);
    expect((await post(INITIALIZE, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(INITIALIZE, { Origin: `http://localhost:${door.url.port}` })).status).toBe(403);
    expect((await post(INITIALIZE, { Origin: door.url.origin })).status).toBe(200);
  });

  test('refuses bodies that are too large, no JSON, or floods of batches', async () => {
    expect((await post('x'.repeat(100_001))).status).toBe(413);
    const bad = await post('{');
    expect([bad.status, (await bad.json()).error.code]).toEqual([400, -32700]);
    const flood = await post(`[${Array.from({ length: 500 }, () => PING).join(',')}]`);
    expect([flood.status, (await flood.json()).error.code]).toEqual([400, -32600]);
    expect((await post(PING, { 'Content-Type': 'text/plain' })).status).toBe(415);
  });

  test('a batch is refused in a session, too: its calls would count as one', verifies('AU-07'), async () => {
    const version = { 'MCP-Protocol-Version': '2025-03-26' };
    const begun = await post(INITIALIZE.replaceAll(/20\d\d-\d\d-\d\d/g, '2025-03-26'), version);
    await begun.body?.cancel();
    const session = { ...version, 'Mcp-Session-Id': begun.headers.get('mcp-session-id') ?? '' };
    const alone = await post(PING, session);
    await alone.body?.cancel();
    const batch = await post(`[${PING},${PING}]`, session);
    expect([alone.status, batch.status, (await batch.json()).error.code]).toEqual([200, 400, -32600]);
  });

  test('a session that is none is not there', async () => {
    const first = await post(PING, { 'Mcp-Session-Id': 'guessed' });
    expect(first.status).toBe(404);
    await first.body?.cancel();
  });
});
