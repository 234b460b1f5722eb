import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCli } from '../support/command-line.ts';

const SPIN = `/* sandglass:tool {"name":"spin","description":"Never ends"} */
export const run = () => { console.log('spinning'); for (;;) {} }`;
const START = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const CALL = {
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: { name: 'spin', arguments: {}, _meta: { progressToken: 1 } },
};
const lines = (...messages: readonly object[]): string =>
  messages.map((message) => `${JSON.stringify(message)}\n`).join('');

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-signals-'));
  await mkdir(join(cwd, 'tools'));
  await mkdir(join(cwd, 'built'));
  await writeFile(join(cwd, 'tools', 'spin.js'), SPIN);
  await writeFile(join(cwd, 'built', 'greet.js'), SPIN.replace('spin', 'greet'));
});
afterAll(() => rm(cwd, { recursive: true }));

/** Who waits for what a process says before it gets its one signal; its stdin stays open all the while. */
const CASES: readonly (readonly [what: string, args: readonly string[], stdin: string, said: RegExp])[] = [
  ['mcp that waits', ['mcp'], lines(START), /"serverInfo"/],
  [
    'mcp with a call that never ends',
    ['mcp', '--tools=./tools', '--timeout=120s', '--fuel=1000G'],
    lines(START, { jsonrpc: '2.0', method: 'notifications/initialized' }, CALL),
    /notifications\/progress/,
  ],
  [
    'repl with a line that never ends',
    ['repl', '--fuel=1000G'],
    "console.log('spinning'); for (;;) {}\n",
    /spinning/,
  ],
  ['tools build --watch', ['tools', 'build', './built/greet.js', '--watch'], '', /greet\.wasm/],
];

test.each(CASES.flatMap((one) => [['SIGTERM', 143, ...one] as const, ['SIGINT', 130, ...one] as const]))(
  'one %s ends with %i: %s',
  async (signal, expected, _what, args, stdin, said) => {
    const started = startCli(args, { cwd, stdin, keepsStdin: true });
    await started.outputMatching(said);
    started.child.kill(signal);
    const { code, err } = await started.ended;
    expect([code, err]).toEqual([expected, expect.not.stringContaining('    at ')]);
  },
);

test.each(['SIGTERM', 'SIGINT'] as const)(
  'serve ends with one %s beside a reader that stays',
  async (signal) => {
    const server = startCli(['serve', '--port=0', '--grace=1ms'], { cwd, keepsStdin: true });
    const said = await server.outputMatching(/Key: .+\n/);
    const url = /http:\S+/.exec(said)?.[0];
    const key = /Key: (\S+)/.exec(said)?.[1];
    const response = await fetch(`${url}/v1/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
      body: JSON.stringify({
        language: 'js',
        code: 'for (;;) {}',
        limits: { timeoutMs: 60_000, fuel: Number.MAX_SAFE_INTEGER },
      }),
    });
    server.child.kill(signal);
    expect(await response.text()).toContain('CANCELLED');
    expect((await server.ended).code).toBe(0);
  },
);
