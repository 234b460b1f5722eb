import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import { verifyAudit } from '../../runtime/observe/audit/verify.ts';
import { verifies } from '../support/verifies.ts';

verifies('MO-11');

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sandglass-audited-'));
});
afterEach(() => rm(dir, { recursive: true }));

const audit = () => join(dir, 'audit');
const readAudit = async (): Promise<string> => {
  const names = (await readdir(audit())).filter((name) => name.endsWith('.jsonl')).sort();
  return (await Promise.all(names.map((name) => readFile(join(audit(), name), 'utf8')))).join('');
};

describe('a guest', () => {
  test('writes no line of its own: line feeds, controls and lines of its making stay inside one text', async () => {
    const forged = `/x\n{"sequence":1,"time":1,"kind":"run.ended","previous":"${'0'.repeat(64)}"}\n`;
    const turned = '/\u009b2J\u2028\u202e\ud800\u0000';
    {
      await using runtime = createRuntime({ audit: { dir: audit() } });
      await runtime.run({
        language: 'javascript',
        code: `
          import fs from 'node:fs';
          for (const path of ${JSON.stringify([forged, turned])}) try { fs.readFileSync('/data' + path) } catch {}
          1`,
        grant: { fs: [{ host: dir, guest: '/data', access: ['read'] }] },
        caller: { id: 'alice', permissions: ['*'] },
      });
    }
    const text = await readAudit();
    expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    const lines = text.split('\n').slice(0, -1);
    const records = lines.map((line) => JSON.parse(line));
    expect(records.map(({ sequence }) => sequence)).toEqual(records.map((_, at) => at + 1));
    expect(records.filter(({ kind }) => kind === 'run.ended').length).toBe(1);
    expect(records.some(({ resource }) => resource?.path?.includes('\n{"sequence":1') === true)).toBe(true);
    expect(await verifyAudit(audit())).toMatchObject({ ok: true, lines: lines.length });
  });

  test('does not fill the disk: texts are cut, and its calls are counted', async () => {
    {
      await using runtime = createRuntime({ audit: { dir: audit() } });
      await runtime.run({
        language: 'javascript',
        code: `
          import fs from 'node:fs';
          for (let at = 0; at < 100; at++) try { fs.readFileSync('/data/' + 'é'.repeat(100_000)) } catch {}
          1`,
        grant: { fs: [{ host: dir, guest: '/data', access: ['read'] }] },
        limits: { hostCalls: 20 },
      });
    }
    const text = await readAudit();
    expect(text.split('\n').length).toBeLessThan(100);
    expect(text.length).toBeLessThan(400_000);
  });

  test('leaves no secret, argument, output or answer in it', async () => {
    const canary = 'canary-of-the-audit';
    {
      await using runtime = createRuntime({
        audit: { dir: audit() },
        secrets: { api: { kind: 'bearer', token: canary } },
        onError: () => undefined,
      });
      await runtime.run({
        language: 'javascript',
        code: `console.log(inputs.text); throw new Error(inputs.text)`,
        inputs: { text: canary },
        grant: {
          http: [{ origin: 'https://example.com', methods: ['GET'], secret: 'api' }],
          env: { TOKEN: canary },
        },
      });
      runtime.tools.register(
        { name: 'echo', description: 'Echoes', input: { text: { type: 'string' } } },
        { language: 'js', code: 'export const run = ({ text }) => text' },
      );
      await runtime.tools.call('echo', { text: canary });
    }
    const text = await readAudit();
    expect(text).toContain('"tool":"echo"');
    expect(text).not.toContain(canary);
  });
});

test('every call has its lines, allowed or refused, with run and caller; what is cancelled at the end, too', async () => {
  {
    await using runtime = createRuntime({ audit: { dir: audit() } });
    const caller = { id: 'alice', agent: 'planner', permissions: ['*'] };
    await runtime.run({ language: 'javascript', code: '1', caller });
    await runtime.run({
      language: 'javascript',
      code: `(await fetch('https://example.com/')).status`,
      caller,
    });
    void runtime.start({
      language: 'javascript',
      code: 'for (;;);',
      caller,
      limits: { fuel: Number.MAX_SAFE_INTEGER },
    }).outcome;
  }
  const records = (await readAudit())
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const ended = records.filter(({ kind }) => kind === 'run.ended');
  expect(ended.map(({ ok, code, decision }) => [ok, code, decision])).toEqual([
    [true, undefined, 'allowed'],
    [false, 'CAPABILITY_DENIED', 'refused'],
    [false, 'CANCELLED', 'allowed'],
  ]);
  expect(ended.every(({ caller, agent }) => caller === 'alice' && agent === 'planner')).toBe(true);
  const denied = records.find(({ kind }) => kind === 'denied');
  expect(denied).toMatchObject({
    run: ended[1].run,
    caller: 'alice',
    capability: 'http',
    decision: 'refused',
  });
  expect([records[0].kind, records.at(-1).kind]).toEqual(['audit.opened', 'audit.closed']);
});
