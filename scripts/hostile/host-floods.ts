import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import {
  createHttpApp,
  createInProcessScheduler,
  createModuleStore,
} from '../../runtime/doors/http/index.ts';
import { createRuntime, inspectUpload } from '../../runtime/index.ts';
import { findChromium } from '../../test/support/chromium.ts';
import { type ZippedFile, zip } from '../../test/support/wheels.ts';
import type { Attack, Attackers, HostFlood } from './attack.ts';

const MIB = 1024 ** 2;
const KEY = 'a-key-of-the-harness';

const metadata = (name: string, lines: string): ZippedFile => ({
  name: `${name}-1.0.dist-info/METADATA`,
  content: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n${lines}`,
});
const module = (name: string): ZippedFile => ({ name: `${name}.py`, content: 'x = 1' });

/** Wheels of a publisher that nobody should trust. */
const WHEELS: Readonly<Record<string, (name: string) => readonly ZippedFile[]>> = {
  bomb: (name) => [
    module(name),
    ...[1, 2, 3, 4, 5].map((at) => ({ name: `b${at}.bin`, content: new Uint8Array(102 * MIB) })),
  ],
  liar: (name) => [module(name), { name: 'b.bin', content: new Uint8Array(200 * MIB), size: 1 }],
  many: (name) => [
    module(name),
    metadata(name, ''),
    ...Array.from({ length: 19_000 }, (_, at) => ({ name: `${name}_all/f${at}.py`, content: '' })),
  ],
  names: (name) => [
    module(name),
    ...Array.from({ length: 900 }, (_, at) => ({ name: `${'n'.repeat(60_000)}${at}`, content: '' })),
  ],
  metadata: (name) => [module(name), metadata(name, 'Requires-Dist: a\n'.repeat(900_000))],
  record: (name) => [
    module(name),
    metadata(name, ''),
    { name: `${name}-1.0.dist-info/RECORD`, content: 'f.py,sha256=x,1\n'.repeat(950_000) },
  ],
  large: (name) => [module(name), metadata(name, ''), { name: 'b.bin', content: randomBytes(96 * MIB) }],
  needs: (name) => [
    module(name),
    metadata(name, Array.from({ length: 1_000 }, (_, at) => `Requires-Dist: ${name}[e${at}]\n`).join('')),
  ],
  leaves: (name) => [module(name), { name: '../../out.py', content: 'x' }],
  deep: (name) => [
    module(name),
    ...Array.from({ length: 2_000 }, (_, at) => ({ name: `${`d${at}/`.repeat(30)}x.py`, content: '' })),
  ],
};

const wheels = (kind: string, files: (name: string) => readonly ZippedFile[]): HostFlood => ({
  name: `wheels, ${kind}`,
  engine: 'packages',
  levels: ['host'],
  begin: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandglass-hostile-wheels-'));
    writeFileSync(join(folder, `${kind}-1.0-py3-none-any.whl`), zip(files(kind)));
    writeFileSync(
      join(folder, 'honest-1.0-py3-none-any.whl'),
      zip([module('honest'), metadata('honest', '')]),
    );
    const runtime = createRuntime({ packages: { wheels: folder } });
    const use = (name: string) =>
      runtime.run({
        language: 'python',
        code: `import ${name}`,
        packages: [name],
        limits: { timeoutMs: 60_000, fuel: 1e12 },
      });
    await use('honest');
    return {
      run: async () => {
        const outcome = await use(kind);
        return outcome.ok ? 'ok' : outcome.error.code;
      },
    };
  },
});

/** A door whose run prints more than anybody takes, for readers of its events. */
const readers = (name: string, kind: 'stay' | 'return'): HostFlood => ({
  name,
  engine: 'door',
  levels: ['host'],
  begin: async ({ clients }) => {
    const runtime = createRuntime();
    const app = createHttpApp({
      runtime,
      scheduler: createInProcessScheduler({ concurrency: 8, maxQueued: 100 }),
      modules: createModuleStore({ inspect: inspectUpload }),
      key: KEY,
    });
    const server = createAdaptorServer({ fetch: app.fetch }) as Server; // without options it is a plain one
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const start = async (ms: number): Promise<string> => {
      const response = await app.request('/v1/runs', {
        method: 'POST',
        headers: { Authorization: `Bearer ${KEY}`, Prefer: 'respond-async' },
        body: JSON.stringify({
          language: 'javascript',
          code: "const text = '\\u0001'.repeat(20_000); for (;;) { console.log(text); await new Promise((go) => setTimeout(go, 5)); }",
          limits: { timeoutMs: ms, outputBytes: 64 * MIB },
        }),
      });
      const { id } = (await response.json()) as { readonly id: string };
      return `/v1/runs/${id}/events`;
    };
    await start(100);
    return {
      run: async (ms) => {
        const paths = await Promise.all([1, 2, 3, 4].map(() => start(ms)));
        await Promise.all(paths.map((path) => clients(kind, { port, key: KEY, path }, ms)));
        return 'gone';
      },
    };
  },
});

const FLOODER = join(import.meta.dirname, 'flood-server.ts');

/** A server of tools that is asked again and again. */
const server = (name: string, mode: string, overHttp = false): HostFlood => ({
  name,
  engine: 'servers',
  levels: ['host'],
  begin: async ({ http }) => {
    const runtime = createRuntime({
      onNotice: () => undefined,
      tools: {
        servers: {
          far: overHttp
            ? { url: `${http}/mcp/${mode}` }
            : { command: process.execPath, args: [FLOODER, mode] },
        },
      },
    });
    await runtime.tools.ready();
    const call = () =>
      runtime.tools.call('far_add', { a: 1, b: 2 }, { retries: 0, limits: { timeoutMs: 2_000 } });
    return {
      run: async (ms) => {
        const until = performance.now() + ms;
        const ends = new Set<string>();
        while (performance.now() < until) {
          const outcome = await call();
          ends.add(outcome.ok ? 'ok' : outcome.error.code);
          if (!outcome.ok) await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return [...ends].join(' ');
      },
    };
  },
});

/** A page that floods the browser that looks at it. */
const page = (kind: string): HostFlood => ({
  name: `page, ${kind}`,
  engine: 'browser',
  levels: ['host'],
  begin: async ({ http }) => {
    const runtime = createRuntime({ browser: { executablePath: await findChromium() } });
    const grant = { browser: { origins: [http], actions: ['navigate', 'extract'] as const } };
    const look = (path: string, ms: number) =>
      runtime.run({
        language: 'javascript',
        code: `const { browser } = sandglass; await browser.navigate({ url: ${JSON.stringify(`${http}${path}`)} });
for (;;) { try { await browser.console({}); await browser.network({}); await browser.snapshot({}); } catch {}
  await new Promise((go) => setTimeout(go, 100)); }`,
        grant: { browser: { ...grant.browser, actions: [...grant.browser.actions] } },
        limits: { timeoutMs: ms, hostCalls: 10_000 },
      });
    await look('/page/quiet', 3_000);
    return {
      run: async (ms) => {
        const outcome = await look(`/page/${kind}`, ms + 2_000);
        return outcome.ok ? 'ok' : outcome.error.code;
      },
    };
  },
});

export const HOST_FLOODS: readonly HostFlood[] = [
  readers('readers that stay', 'stay'),
  readers('readers that come again', 'return'),
  server('messages, pipe', 'messages'),
  server('parts, pipe', 'parts'),
  server('lists, pipe', 'lists'),
  server('messages, http', 'messages', true),
  server('parts, http', 'parts', true),
  server('lists, http', 'lists', true),
  ...Object.entries(WHEELS).map(([kind, files]) => wheels(kind, files)),
  ...['console', 'fetch', 'frames', 'large'].map(page),
];

export type { Attack, Attackers };
