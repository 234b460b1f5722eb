// esbuild turns each of these calls into one that evaluates the module when it is made.
declare const require: (path: string) => never;

type Maker = () => unknown;

const MODULES: Readonly<Record<string, Maker>> = Object.assign(Object.create(null), {
  assert: () => pick(require('./modules/assert.ts'), 'assert'),
  'assert/strict': () => pick(require('./modules/assert.ts'), 'strict'),
  async_hooks: () => pick(require('./modules/async-hooks.ts'), 'asyncHooks'),
  buffer: () => pick(require('./modules/buffer.ts'), 'buffer'),
  console: () => globalThis.console,
  constants: () => pick(require('./modules/os.ts'), 'constants'),
  crypto: () => pick(require('./modules/crypto.ts'), 'crypto'),
  diagnostics_channel: () => pick(require('./modules/diagnostics-channel.ts'), 'diagnosticsChannel'),
  dns: () => pick(require('./modules/sockets.ts'), 'dns'),
  'dns/promises': () => pick(require('./modules/sockets.ts'), 'dnsPromises'),
  events: () => pick(require('./modules/events.ts'), 'events'),
  fs: () => pick(require('./modules/fs.ts'), 'fs'),
  'fs/promises': () => pick(require('./modules/fs.ts'), 'promises'),
  http: () => pick(require('./modules/http.ts'), 'http'),
  http2: () => pick(require('./modules/sockets.ts'), 'http2'),
  https: () => pick(require('./modules/http.ts'), 'https'),
  module: () => pick(require('./modules/module.ts'), 'module'),
  net: () => pick(require('./modules/sockets.ts'), 'net'),
  os: () => pick(require('./modules/os.ts'), 'os'),
  path: () => pick(require('./modules/path.ts'), 'path'),
  'path/posix': () => pick(require('./modules/path.ts'), 'path'),
  'path/win32': () => pick(require('./modules/path.ts'), 'win32'),
  perf_hooks: () => pick(require('./modules/perf-hooks.ts'), 'perfHooks'),
  process: () => pick(require('./modules/process.ts'), 'process'),
  punycode: () => pick(require('./modules/querystring.ts'), 'punycode'),
  querystring: () => pick(require('./modules/querystring.ts'), 'querystring'),
  readline: () => pick(require('./modules/readline.ts'), 'readline'),
  'readline/promises': () => pick(require('./modules/readline.ts'), 'promises'),
  stream: () => pick(require('./modules/stream.ts'), 'stream'),
  'stream/consumers': () => pick(require('./modules/stream-consumers.ts'), 'consumers'),
  'stream/promises': () => pick(require('./modules/stream.ts'), 'promises'),
  'stream/web': () => pick(require('./modules/stream-web.ts'), 'web'),
  string_decoder: () => pick(require('./modules/string-decoder.ts'), 'stringDecoder'),
  sys: () => pick(require('./modules/util.ts'), 'util'),
  test: () => pick(require('./modules/test.ts'), 'test'),
  timers: () => pick(require('./modules/timers.ts'), 'timers'),
  'timers/promises': () => pick(require('./modules/timers.ts'), 'promises'),
  tls: () => pick(require('./modules/sockets.ts'), 'tls'),
  tty: () => pick(require('./modules/os.ts'), 'tty'),
  url: () => pick(require('./modules/url.ts'), 'url'),
  util: () => pick(require('./modules/util.ts'), 'util'),
  'util/types': () => pick(require('./modules/util-types.ts'), 'types'),
  worker_threads: () => pick(require('./modules/worker-threads.ts'), 'workerThreads'),
  zlib: () => pick(require('./modules/zlib.ts'), 'zlib'),
});

/** Parts that are not modules of Node. */
const OWN: Readonly<Record<string, Maker>> = Object.assign(Object.create(null), {
  Intl: () => pick(require('./modules/intl/intl.ts'), 'intl'),
  installLocaleMethods: () => pick(require('./modules/intl/locale-methods.ts'), 'installLocaleMethods'),
  Console: () => pick(require('./modules/console-class.ts'), 'Console'),
  navigator: () => pick(require('./modules/web-globals.ts'), 'navigator'),
  BroadcastChannel: () => pick(require('./modules/web-globals.ts'), 'BroadcastChannel'),
  MessageChannel: () => pick(require('./modules/web-globals.ts'), 'MessageChannel'),
  MessagePort: () => pick(require('./modules/web-globals.ts'), 'MessagePort'),
  CryptoKey: () =>
    (pick(require('./modules/subtle.ts'), 'webcrypto') as Readonly<Record<string, unknown>>).CryptoKey,
});

export const own = (name: string): unknown => OWN[name]?.();

const pick = (module: Readonly<Record<string, unknown>>, name: string): unknown => module[name];

const made: Record<string, unknown> = Object.create(null);

export const moduleNames = (): readonly string[] => Object.keys(MODULES);

/** A module of Node's by its name without `node:`; made when it is first asked for. */
export const builtin = (name: string): unknown => {
  if (name in made) return made[name];
  const make = MODULES[name];
  if (make === undefined) throw new Error(`Cannot find module '${name}'`);
  const module = make();
  made[name] = module;
  return module;
};
