import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-audit-cli-'));
});
afterAll(() => rm(cwd, { recursive: true }));

const cli = (...args: readonly string[]) => runCli(args, { cwd });

describe('sandglass audit', verifies('MO-11'), () => {
  test('a server writes one, from its config file too; query and verify read it', async () => {
    await cli('keys', 'add', 'alice', '--keys=keys.json', '--permissions=fs.read');
    const { out: added } = await cli('keys', 'add', 'bob', '--keys=keys.json');
    await writeFile(join(cwd, 'server.json'), JSON.stringify({ audit: './audit', keys: './keys.json' }));
    const server = startCli(['serve', '--port=0', '--config=server.json'], { cwd });
    const [, url = ''] = /Listening on (\S+)\n/.exec(await server.outputMatching(/Key: .+\n/)) ?? [];
    const run = async (code: string): Promise<number> => {
      const answer = await fetch(`${url}/v1/runs`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${added.trim()}` },
        body: JSON.stringify({ language: 'js', code }),
      });
      await answer.text();
      return answer.status;
    };
    expect(await run('6 * 7')).toBe(200);
    expect(await run(`(await fetch('https://example.com/')).status`)).toBe(200);
    // While the server runs.
    expect((await cli('audit', 'verify', 'audit')).code).toBe(0);
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);

    const verified = await cli('audit', 'verify', 'audit');
    expect(verified.code).toBe(0);
    expect(verified.out).toMatch(/^\d+ lines in 1 files: nothing is wrong\nLast line: \d+:[\da-f]{64}\n$/);
    const [, head = ''] = /Last line: (\S+)/.exec(verified.out) ?? [];

    const ended = await cli(
      'audit',
      'query',
      'audit',
      '--kind=run.ended',
      '--caller=bob',
      '--since=1h',
      '--json',
    );
    const records = ended.out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    expect(records.map(({ caller, ok, code }) => [caller, ok, code])).toEqual([
      ['bob', true, undefined],
      ['bob', false, 'CAPABILITY_DENIED'],
    ]);
    const table = await cli(
      'audit',
      'query',
      'audit',
      `--run=${records[1].run}`,
      '--kind=denied',
      '--limit=1',
    );
    expect(table.out).toMatch(/^time .*kind .*run .*caller .*what .*decision .*code\n\S+Z {2}denied .*bob/);
    expect((await cli('audit', 'query', 'audit', '--caller=alice')).out).toBe('No such lines\n');

    const file = join(cwd, 'audit', 'audit-00000001.jsonl');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"caller":"bob"', '"caller":"eve"'));
    const line = text.slice(0, text.indexOf('"caller":"bob"')).split('\n').length;
    const tampered = await cli('audit', 'verify', 'audit');
    expect(tampered.code).toBe(1);
    expect(tampered.out).toContain(`audit-00000001.jsonl:${line}: it was changed`);
    await writeFile(file, text.split('\n').slice(0, -3).join('\n').concat('\n'));
    await rm(join(cwd, 'audit', 'audit.head'));
    const cut = await cli('audit', 'verify', 'audit', `--head=${head}`, '--json');
    expect(cut.code).toBe(1);
    expect(JSON.parse(cut.out).breaches.map(({ reason }: { reason: string }) => reason)).toEqual([
      expect.stringContaining('missing'),
      expect.stringContaining('2 lines are lost'),
    ]);
  });

  test('a killed server leaves a chain that the next one goes on with, and keeps another from its folder', async () => {
    const flags = ['serve', '--port=0', '--key=k', '--audit=killed'];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const server = startCli(flags, { cwd });
      const [, url = ''] = /Listening on (\S+)\n/.exec(await server.outputMatching(/Key: .+\n/)) ?? [];
      const answer = await fetch(`${url}/v1/runs`, {
        method: 'POST',
        headers: { Authorization: 'Bearer k' },
        body: JSON.stringify({ language: 'js', code: '1' }),
      });
      expect(answer.status).toBe(200);
      const second = await cli(...flags);
      expect([second.code, second.err]).toEqual([2, expect.stringContaining(`process ${server.child.pid} `)]);
      server.child.kill(signal);
      await server.ended;
    }
    expect((await cli('audit', 'verify', 'killed')).out).toContain('nothing is wrong');
    const kinds = (
      await cli('audit', 'query', 'killed', '--kind=audit.opened,audit.closed,run.ended', '--json')
    ).out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).kind);
    expect(kinds).toEqual(['audit.opened', 'run.ended', 'audit.opened', 'run.ended', 'audit.closed']);
  });

  test('sandglass mcp writes one too', async () => {
    const messages = [
      {
        id: 1,
        method: 'initialize',
        params: {
          protocolVersion: '2025-11-25',
          capabilities: {},
          clientInfo: { name: 'test', version: '1' },
        },
      },
      { method: 'notifications/initialized' },
      { id: 2, method: 'tools/call', params: { name: 'run_code', arguments: { code: '6 * 7' } } },
    ];
    const stdin = messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join('');
    const { code } = await runCli(['mcp', '--code-mode', '--audit=of-mcp'], { cwd, stdin });
    expect(code).toBe(0);
    expect((await cli('audit', 'verify', 'of-mcp')).code).toBe(0);
    const lines = (await cli('audit', 'query', 'of-mcp', '--kind=run.ended,audit.closed', '--json')).out;
    expect(lines).toMatch(/^\{"sequence":\d+,.*"kind":"run\.ended".*\n.*"kind":"audit\.closed".*\n$/);
  });

  test('what cannot be read is told with what to do', async () => {
    for (const [args, message] of [
      [['audit'], 'Nothing to do'],
      [['audit', 'verify'], 'give the folder'],
      [['audit', 'verify', 'nowhere'], 'there is no such folder'],
      [['audit', 'verify', '.', '--head=1'], 'expected NUMBER:HASH'],
      [['audit', 'query', '.', '--since=yesterday'], 'expected a time'],
      [['audit', 'query', '.', '--limit=0'], 'from 1 to 100000'],
    ] as const) {
      const { code, err } = await cli(...args);
      expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    }
    await writeFile(join(cwd, 'file'), '');
    const { code, err } = await cli('serve', '--port=0', '--audit=file');
    expect([code, err]).toEqual([2, expect.stringContaining('Cannot write an audit to')]);
  });
});
