import type { Grant } from '../../runtime/index.ts';
import type { Flood } from './floods.ts';

/** Where the servers of `servers.ts` listen. */
export interface Servers {
  /** A server of WebSockets: `/flood` sends all the time, `/pieces` one message without end, anything else never reads. */
  readonly ws: string;
}

interface Granted {
  readonly code: string;
  readonly grant: Grant;
}

const KV: Grant = {
  kv: [{ name: 's', access: ['read', 'write'], maxBytes: 64 * 1024 ** 2, maxEntries: 10_000 }],
};
const SQL: Grant = { sql: [{ name: 'd', access: ['read', 'write'] }] };
const TOOLS: Grant = { tools: ['*'] };

/** What a guest does with what it was granted: databases, stores, tools, sockets. */
const GRANTED: Readonly<Record<string, (servers: Servers) => Granted>> = {
  'kv, large values': () => ({
    grant: KV,
    code:
      `const value = 'x'.repeat(60_000); for (let n = 0; ; n++) sandglass.call('kv.set', { store: 's', ` +
      `key: 'k' + (n % 900), value }).catch(() => {});`,
  }),
  'kv, lists': () => ({
    grant: KV,
    code: `for (let n = 0; n < 5000; n++) await sandglass.call('kv.set', { store: 's', key: 'k' + n, value: 0 });
for (;;) { try { await sandglass.call('kv.list', { store: 's', limit: 1000 }); } catch {} }`,
  }),
  'sql, many rows': () => ({
    grant: SQL,
    code: `const query = 'with recursive n(i) as (values (1) union all select i + 1 from n limit 100000) select i, i as j from n';
for (;;) sandglass.call('sql.query', { database: 'd', query }).catch(() => {});`,
  }),
  'sql, endless': () => ({
    grant: SQL,
    code: `const query = 'with recursive n(i) as (values (1) union all select i + 1 from n) select count(*) from n';
for (;;) { try { await sandglass.call('sql.query', { database: 'd', query }); } catch {} }`,
  }),
  'tools of the host': () => ({
    grant: TOOLS,
    code: `const args = { text: 'x'.repeat(100_000) }; for (;;) sandglass.call('tools.call', { name: 'echo', args }).catch(() => {});`,
  }),
  'tools that are guests': () => ({
    grant: TOOLS,
    code: `for (;;) sandglass.call('tools.call', { name: 'again', args: {} }).catch(() => {});`,
  }),
  'tools, looked for': () => ({
    grant: TOOLS,
    code:
      `const query = Array.from({ length: 160 }, (_, n) => 'ech' + n).join(' ').slice(0, 1000); for ` +
      `(;;) sandglass.call('tools.search', { query, limit: 100 }).catch(() => {});`,
  }),
  'tools, of one letter': () => ({
    grant: TOOLS,
    code:
      `const query = 'tool of many does what with words its own does tool '.repeat(19); for (;;) ` +
      `sandglass.call('tools.search', { query, limit: 100 }).catch(() => {});`,
  }),
  'tools, described': () => ({
    grant: TOOLS,
    code:
      `for (let n = 0; ; n++) sandglass.call('tools.describe', { name: 'tool_' + (n % 500), language: n ` +
      `% 2 ? 'python' : 'typescript' }).catch(() => {});`,
  }),
  'tools, ten thousand at once': () => ({
    grant: TOOLS,
    code: `for (;;) await Promise.allSettled(Array.from({ length: 10_000 }, (_, n) => tools.echo({ text: 'x' + n })));`,
  }),
  'kv, full lists': () => ({
    grant: KV,
    code: `for (let n = 0; n < 10_000; n++) await sandglass.call('kv.set', { store: 's', key: 'key of some length '.repeat(8) + n, value: 0 });
for (;;) sandglass.call('kv.list', { store: 's', limit: 1000 }).catch(() => {});`,
  }),
  'sql, large rows': () => ({
    grant: SQL,
    code:
      'const query = "select hex(zeroblob(400000)) as a, hex(zeroblob(400000)) as b"; for (;;) ' +
      `sandglass.call('sql.query', { database: 'd', query }).catch(() => {});`,
  }),
  'sql, many columns': () => ({
    grant: SQL,
    code:
      `const query = 'with recursive n(i) as (values (1) union all select i + 1 from n limit 1000) ` +
      `select ' + Array.from({ length: 400 }, (_, n) => 'i as c' + n).join() + ' from n'; for (;;) ` +
      `sandglass.call('sql.query', { database: 'd', query }).catch(() => {});`,
  }),
  'runs of guests': () => ({
    grant: { run: { depth: 2 } },
    code: `for (;;) sandglass.call('run.start', { language: 'js', code: 'for(;;);' }).catch(() => {});`,
  }),
  'runs of texts read twice': () => ({
    grant: { run: { depth: 2 } },
    code: `const code = '<T>('.repeat(60) + 'x' + ')'.repeat(60); for (;;) sandglass.call('run.start', { language: 'ts', code }).catch(() => {});`,
  }),
  'runs that need a parser': () => ({
    grant: { run: { depth: 2 } },
    code:
      `for (let n = 0; ; n++) sandglass.call('run.start', { language: 'ts', code: 'namespace A { ` +
      `export const a = ' + n + ' }' }).catch(() => {});`,
  }),
  'sockets that come and go': ({ ws }) => ({
    grant: { ws: [{ origin: ws }] },
    code:
      'for (;;) await Promise.all(Array.from({ length: 50 }, () => new Promise((resolve) => { const ' +
      `socket = new WebSocket('${ws}/none'); socket.onopen = () => socket.close(); socket.onclose = ` +
      'socket.onerror = resolve; })));',
  }),
  'sockets that flood': ({ ws }) => ({
    grant: { ws: [{ origin: ws }] },
    code: `const socket = new WebSocket('${ws}/flood'); await new Promise((resolve) => { socket.onopen = resolve; }); for (;;);`,
  }),
  'sockets, all read': ({ ws }) => ({
    grant: { ws: [{ origin: ws }] },
    code: `const socket = new WebSocket('${ws}/flood'); socket.onmessage = () => {}; await new Promise(() => {});`,
  }),
  'sockets, one message': ({ ws }) => ({
    grant: { ws: [{ origin: ws }] },
    code: `for (;;) await new Promise((resolve) => { const socket = new WebSocket('${ws}/pieces'); socket.onclose = socket.onerror = resolve; });`,
  }),
  'sockets that do not read': ({ ws }) => ({
    grant: { ws: [{ origin: ws }] },
    code: `const socket = new WebSocket('${ws}/none'); await new Promise((resolve) => { socket.onopen = resolve; });
const data = new Uint8Array(1_000_000); for (;;) { socket.send(data); await 1; }`,
  }),
};

export const GRANTED_FLOODS: readonly Flood[] = Object.entries(GRANTED).map(([name, made]) => ({
  name,
  engine: 'quickjs',
  // At `maximum` there is no network.
  levels: name.startsWith('sockets') ? ['minimal', 'standard'] : ['minimal', 'standard', 'maximum'],
  program: async (servers) => ({
    language: 'javascript',
    limits: { hostCalls: 1_000_000 },
    ...made(servers),
  }),
}));
