import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
    limits: { hostCalls: HOST_CALLS, timeoutMs: 120_000, fuel: 1e13 },
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
