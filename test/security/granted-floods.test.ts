import type { Socket } from 'node:net';
import MiniSearch from 'minisearch';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRuntime, type Grant, type Outcome, type Runtime } from '../../runtime/index.ts';
import { GRANTED_FLOODS } from '../../scripts/hostile/granted-floods.ts';
import { verifies } from '../support/verifies.ts';
import { startSocketServer } from '../support/ws-harness.ts';

verifies('XT-13');

/** Calls under way at once that a run may have. */
const MOST_AT_ONCE = 16;
const HOST_CALLS = 60;

let runtime: Runtime;
let under = 0;
let most = 0;
beforeAll(() => {
  runtime = createRuntime({ cache: false, sql: { d: 'memory:' } });
  runtime.tools.register(
    { name: 'echo', description: 'The text again', input: { text: { type: 'string' } } },
    {
      trusted: true,
      run: async ({ text }) => {
        under += 1;
        most = Math.max(most, under);
        await new Promise((resolve) => setImmediate(resolve));
        under -= 1;
        return String(text).length;
      },
    },
  );
  runtime.tools.register(
    { name: 'again', description: 'Runs a guest', input: {} },
    { language: 'javascript', code: 'export const run = () => 1;' },
  );
});
afterAll(() => runtime.close());

const flood = async (name: string, level: 'minimal' | 'standard'): Promise<Outcome> => {
  const program = await GRANTED_FLOODS.find((one) => one.name === name)?.program({ ws: '' });
  if (program === undefined || 'module' in program) throw new Error(`no flood ${name}`);
  return runtime.run({
    ...program,
    level,
    // Little memory, as most of them end by it: what they pile up is the same at any size.
    limits: { hostCalls: HOST_CALLS, timeoutMs: 120_000, fuel: 1e13, memoryBytes: 24 * 1_048_576 },
  });
};

describe.each(['minimal', 'standard'] as const)('a guest at %s that floods what it was granted', (level) => {
  test.each([
    'kv, large values',
    'kv, lists',
    'sql, many rows',
    'tools of the host',
    'tools that are guests',
    'tools, looked for',
  ])('ends by a limit, some calls past its last one: %s', async (name) => {
    most = 0;
    const outcome = await flood(name, level);
    // Calls that nobody awaits pile up in the guest's own memory.
    expect(outcome.ok ? 'ok' : outcome.error.code).toMatch(/^(?:HOST_CALLS|MEMORY)_EXCEEDED$/);
    const calls = Object.values(outcome.usage.hostCalls).reduce((sum, count) => sum + count, 0);
    expect(calls).toBeLessThanOrEqual(HOST_CALLS + 3 * MOST_AT_ONCE);
    expect(most).toBeLessThanOrEqual(MOST_AT_ONCE);
  });

  test('holds back a server that sends all the time, while it does not read', async () => {
    const sent: Socket[] = [];
    await using server = await startSocketServer((socket, request) => {
      sent.push(request.socket);
      const piece = Buffer.alloc(65_536);
      const more = (): void => {
        while (socket.readyState === socket.OPEN && socket.bufferedAmount < 1_048_576) socket.send(piece);
        if (socket.readyState === socket.OPEN) setImmediate(more);
      };
      more();
    });
    const grant: Grant = { ws: [{ origin: server.origin }] };
    const code = `const socket = new WebSocket('${server.origin}'); await new Promise((resolve) => { socket.onopen = resolve; }); for (;;);`;
    const limits = { fuel: 3e9, timeoutMs: 120_000 };
    const outcome = await runtime.run({ language: 'javascript', code, grant, level, limits });
    expect(outcome).toMatchObject({ error: { code: 'FUEL_EXHAUSTED' } });
    // What the kernel holds between the two is in it; a host that took everything would have had gigabytes.
    expect(sent[0]?.bytesWritten).toBeLessThan(48 * 1_048_576);
    await server.idle();
  });
});

describe('a query for tools of very many words', () => {
  /** The words that are looked for: of each look, in order. */
  const looksFor = (query: string): readonly (readonly string[])[] => {
    const search = vi.spyOn(MiniSearch.prototype, 'search');
    runtime.tools.search(query);
    const looks = search.mock.calls.map(([words]) => String(words).split(' '));
    search.mockRestore();
    return looks;
  };

  test('is looked up by 32 words at most, each once, the longest of them', () => {
    expect(looksFor('text again THE Text '.repeat(50))).toEqual([['Text', 'again', 'THE']]);
    const many = Array.from({ length: 160 }, (_, at) => `w${at}`);
    // Nothing has them, so that words spelt alike are looked for, too.
    expect(looksFor(many.join(' '))).toEqual([many.slice(100, 132), many.slice(100, 132)]);
  });

  test('finds by a word what begins with it once, however many words of the query do', () => {
    const words = ['aga', 'again', 'agai', 'te', 'text'];
    const search = vi.spyOn(MiniSearch.prototype, 'search');
    runtime.tools.search(words.join(' '));
    const prefix = search.mock.calls[0]?.[1]?.prefix as Prefix;
    search.mockRestore();
    expect(words.map(prefix)).toEqual([true, false, false, false, true]);
    expect(runtime.tools.search('aga again agai').map(({ name }) => name)).toEqual(['again', 'echo']);
  });

  test('is looked up by fewer words where there are very many tools', async () => {
    await using large = createRuntime({ cache: false });
    for (let n = 0; n < 4_000; n += 1)
      large.tools.register(
        { name: `t${n}`, description: 'One of many', input: {} },
        { trusted: true, run: () => n },
      );
    const search = vi.spyOn(MiniSearch.prototype, 'search');
    large.tools.search(Array.from({ length: 100 }, (_, at) => `one${at}`).join(' '));
    expect(String(search.mock.calls[0]?.[0]).split(' ')).toHaveLength(16);
    search.mockRestore();
  });
});

type Prefix = (word: string, at: number, words: readonly string[]) => boolean;
