import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Grant, type Outcome, type Runtime } from '../../runtime/index.ts';
import { startServer, type TestServer } from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';
import { type SocketServer, startSocketServer } from '../support/ws-harness.ts';

verifies('PM-04');

let runtime: Runtime;
/** The same with a policy that has everything, for callers that have one part of it. */
let policed: Runtime;
let folder: string;
let server: TestServer;
let sockets: SocketServer;
beforeAll(async () => {
  const options = { level: 'minimal', sql: { notes: { kind: 'sqlite' } } } as const;
  runtime = createRuntime(options);
  policed = createRuntime({
    ...options,
    tools: { builtin: true },
    policy: {
      fs: [{ host: '.', guest: '/data', access: ['read', 'write', 'delete'] }],
      http: [{ origin: 'https://example.com' }],
      sql: [{ name: 'notes', access: ['read', 'write'] }],
      browser: {
        origins: ['https://example.com'],
        actions: ['navigate', 'extract', 'interact', 'screenshot'],
      },
    },
  });
  folder = mkdtempSync(join(tmpdir(), 'sandglass-parts-'));
  server = await startServer();
  sockets = await startSocketServer();
  await policed.tools.ready();
});
afterAll(async () => {
  await runtime.close();
  await policed.close();
  await server[Symbol.asyncDispose]();
  await sockets[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** What a guest does with each capability. */
const DEEDS: Readonly<Record<string, readonly (readonly [what: string, code: string])[]>> = {
  'fs.read': [
    ['read', "await fs.readFile('/d/a.txt', 'utf8')"],
    ['list', "await fs.readdir('/d')"],
    ['look at', "(await fs.stat('/d/a.txt')).size"],
    ['watch', "await sandglass.call('fs.watch', { path: '/d' })"],
  ],
  'fs.write': [
    ['write', "await fs.writeFile('/d/new.txt', 'x')"],
    ['make a folder', "await fs.mkdir('/d/made')"],
  ],
  'fs.delete': [['delete', "await fs.rm('/d/b.txt')"]],
  http: [['fetch', 'await (await fetch(inputs.http)).text()']],
  ws: [
    [
      'open a socket',
      'await new Promise((yes, no) => { const s = new WebSocket(inputs.ws); s.onopen = () => { s.close(); yes(1) }; s.onerror = ({ error }) => no(error) })',
    ],
  ],
  'sql.read': [
    ['query', "await sandglass.call('sql.query', { database: 'notes', query: 'SELECT 1 AS one' })"],
  ],
  'sql.write': [
    [
      'execute',
      "await sandglass.call('sql.execute', { database: 'notes', query: 'CREATE TABLE IF NOT EXISTS t (a)' })",
    ],
  ],
};

const NAMES = Object.keys(DEEDS);

/** The grant that has one capability and no more. */
const grantOf = (capability: string): Grant => {
  const [kind, access] = capability.split('.');
  // Who may write may delete, unless the grant says otherwise.
  const alone = access === 'write' ? { delete: false } : {};
  if (kind === 'fs') return { fs: [{ host: folder, guest: '/d', access: [access as 'read'], ...alone }] };
  if (kind === 'http') return { http: [{ origin: server.origin }] };
  if (kind === 'ws') return { ws: [{ origin: sockets.origin }] };
  return { sql: [{ name: 'notes', access: [access as 'read'] }] };
};

const run = (code: string, grant: Grant): Promise<Outcome> => {
  writeFileSync(join(folder, 'a.txt'), 'a');
  writeFileSync(join(folder, 'b.txt'), 'b');
  return runtime.run({
    language: 'javascript',
    code,
    grant,
    inputs: { inputs: { http: `${server.origin}/`, ws: `${sockets.origin}/` } },
  });
};

describe.each(NAMES)('granted %s alone', (granted) => {
  test('what it is for works, and what any other is for is denied with the name of what lacks', async () => {
    for (const [capability, deeds] of Object.entries(DEEDS)) {
      for (const [what, code] of deeds) {
        const outcome = await run(code, grantOf(granted));
        if (capability === granted) expect(outcome, `${what} with ${granted}`).toMatchObject({ ok: true });
        else
          expect(outcome, `${what} with ${granted}`).toMatchObject({
            ok: false,
            error: { code: 'CAPABILITY_DENIED', details: { missing: [capability] } },
          });
        rmSync(join(folder, 'made'), { recursive: true, force: true });
        rmSync(join(folder, 'new.txt'), { force: true });
      }
    }
    expect(readdirSync(folder).sort()).toEqual(['a.txt', 'b.txt']);
  });
});

const OF_TOOLS = [
  ...['fs.read', 'fs.write', 'fs.delete', 'http', 'sql.read', 'sql.write'],
  ...['browser.navigate', 'browser.extract', 'browser.interact', 'browser.screenshot'],
];

test('of the tools that ship, a caller with one capability may use those that want no other, and is told what lacks for the rest', async () => {
  for (const capability of OF_TOOLS) {
    const caller = { id: 'one', permissions: [capability] };
    for (const { name, capabilities } of policed.tools.list()) {
      if (!capabilities.every((wanted) => OF_TOOLS.includes(wanted))) continue;
      const missing = capabilities.filter((wanted) => wanted !== capability);
      expect(policed.tools.check(name, { caller }), `${name} with ${capability}`).toMatchObject({
        allowed: missing.length === 0,
        missing,
      });
    }
  }
  // Refused by the pipeline too, not only foretold.
  const caller = { id: 'one', permissions: ['fs.read'] };
  expect(await policed.tools.call('move_file', { from: '/data/a', to: '/data/b' }, { caller })).toMatchObject(
    {
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { missing: ['fs.delete', 'fs.write'] } },
    },
  );
});
