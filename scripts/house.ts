// The house as data: its rooms, who may import whom, and who may touch what. `npm run check` holds the sources to it; ARCHITECTURE.md's
// tables are made of it.

export interface Room {
  readonly name: string;
  /** A folder, or the one file that is the room. Several only for the entries. */
  readonly at: readonly string[];
  /** Folders straight below it. What lies deeper is the room's own affair. */
  readonly folders?: readonly string[];
  /** Its folders never import each other. Nothing lies beside them. */
  readonly apart?: true;
  readonly what: string;
  /** Rooms, or `room/part` for what of it may be imported. All of them stand above in the list. */
  readonly mayImport: readonly string[];
  /** Planned: it has its place, and no folder yet. */
  readonly toCome?: true;
}

/** From the bottom up: a room imports only what stands above it here. */
export const ROOMS: readonly Room[] = [
  {
    name: 'vocabulary',
    at: ['runtime/vocabulary'],
    folders: ['grants'],
    what: 'words: errors, limits, levels, grants, values, usage, outcome, events',
    mayImport: [],
  },
  {
    name: 'contracts',
    at: ['runtime/contracts'],
    folders: ['api', 'operations'],
    what: 'types only: engine, cell, gate, host function and its operations, platform; `api/`: a file each member of `Runtime`',
    mayImport: ['vocabulary'],
  },
  {
    name: 'wasm',
    at: ['runtime/wasm'],
    what: 'reading, checking and rewriting wasm binaries: guard, caps, fuel',
    mayImport: ['vocabulary', 'contracts'],
  },
  {
    name: 'engines',
    at: ['runtime/engines'],
    folders: ['component', 'preview1', 'pyodide', 'quickjs'],
    apart: true,
    what: 'a folder an engine, in two halves: `prepare` on the host side, `execute` in a cell',
    mayImport: ['vocabulary', 'contracts', 'wasm'],
  },
  {
    name: 'gate',
    at: ['runtime/gate'],
    what: 'grant, budget and audit of every host call; the one way out of a cell',
    mayImport: ['vocabulary', 'contracts'],
  },
  {
    name: 'cell',
    at: ['runtime/cell'],
    what: 'where an instance lives: inline, worker, process; the pool, the protocol',
    mayImport: ['vocabulary', 'contracts', 'gate/markers'],
  },
  {
    name: 'host functions',
    at: ['host-functions'],
    folders: ['browser', 'fs', 'http', 'kv', 'picture', 'run', 'sql', 'tabular', 'tools'],
    apart: true,
    what:
      '`fs`, `http`, `ws` (in `http/`, whose dialer it shares), `sql`, `kv`, `session` (in `kv/`, whose ' +
      'stores it shares), `browser`, `tools` and `run`: a policy beside the code that does the I/O; `picture` draws SVG ' +
      'in a guest, `tabular` asks tables in one: both reach nothing',
    mayImport: ['vocabulary', 'contracts'],
  },
  {
    name: 'run',
    at: ['runtime/run'],
    folders: ['session'],
    what: 'one run, from its options to its outcome; `session/`: guests that are kept for several runs of one caller',
    mayImport: ['vocabulary', 'contracts', 'gate'],
  },
  {
    name: 'tools',
    at: ['runtime/tools'],
    what: 'manifests, registry, the pipeline of a tool call, code mode; `remote/`: servers whose tools stand among those here',
    folders: ['check', 'discover', 'guide', 'manifest', 'python', 'remote', 'result', 'select', 'stages'],
    mayImport: ['vocabulary', 'contracts'],
  },
  {
    name: 'work',
    at: ['runtime/work'],
    what: 'the queue behind the doors and what is kept of its runs',
    mayImport: ['vocabulary', 'contracts'],
  },
  {
    name: 'auth',
    at: ['runtime/auth'],
    what: 'keys, tokens, rates: who calls, how often',
    mayImport: ['vocabulary'],
  },
  {
    name: 'observe',
    at: ['runtime/observe'],
    folders: ['audit'],
    what: 'metrics, traces, health: subscribers of events; `audit/`: their chain of lines on disk',
    mayImport: ['vocabulary', 'contracts'],
  },
  {
    name: 'build',
    at: ['runtime/build'],
    what: 'from the source of a tool to a component',
    folders: ['templates'],
    mayImport: ['vocabulary', 'wasm', 'tools/manifest'],
  },
  {
    name: 'catalog',
    at: ['runtime/catalog'],
    what: 'what a module is, asks for and gives, read without running it',
    mayImport: ['vocabulary', 'contracts', 'wasm'],
  },
  {
    name: 'platform',
    at: ['runtime/platform'],
    folders: ['component', 'python', 'schema', 'sqlite'],
    what:
      'what differs between Node, browsers and workerd; `component/`: realms for its guests; `python/`: ' +
      'its files, snapshots and packages; `sqlite/`: databases whose queries are guests',
    mayImport: ['vocabulary', 'contracts', 'cell', 'engines', 'wasm'],
  },
  {
    name: 'runtime',
    at: ['runtime/runtime.ts'],
    what: 'joins the rooms into a `Runtime`',
    mayImport: ['vocabulary', 'contracts', 'run', 'tools', 'work', 'catalog'],
  },
  {
    name: 'entries',
    at: [
      'runtime/index.ts',
      'runtime/index.browser.ts',
      'runtime/index.workerd.ts',
      'runtime/index.shared.ts',
      'runtime/index.prebuild.ts',
      'runtime/index.packages.ts',
    ],
    what: 'what the package exports: a platform wired, nothing else',
    mayImport: [
      'vocabulary',
      'contracts',
      'tools',
      'observe',
      'runtime',
      'platform',
      'engines',
      'host functions',
    ],
  },
  {
    name: 'doors',
    at: ['runtime/doors'],
    folders: ['ai', 'cli', 'client', 'http', 'mcp'],
    what: 'the HTTP door, the MCP server, the command line, and the tools as those of the AI SDK',
    mayImport: [
      'vocabulary',
      'contracts/api',
      'contracts/queue',
      'contracts/host-function',
      'entries',
      'work',
      'auth',
      'observe',
      'catalog',
      'build',
    ],
  },
];

/** Folders at the top beside the rooms, with what each holds. */
export const BESIDE: Readonly<Record<string, string>> = {
  'guest-tools/': 'tools that are built to `.wasm` components',
  'wit/': 'the interfaces that components are compiled against',
  'scripts/, test/': 'build, bench, demo, checks; the suites',
  'docs/, examples/': 'pages, and programs and data that ship with them',
  '.ci/': 'what a clean clone runs',
};

/** Folders at the top that no commit has. */
export const NOT_KEPT: readonly string[] = ['.cache', '.git', 'coverage', 'dist', 'node_modules'];

/** Folders of `test/` that are a project of vitest: a test lies in one of them, or nothing runs it. */
export const TEST_FLOORS = ['unit', 'contract', 'security', 'e2e', 'docs'] as const;

/** Its other folders: what the tests and the scripts work with. */
export const TEST_MATERIAL: readonly string[] = [
  'bench',
  'guests',
  'json-schema-suite',
  'libraries',
  'mcp-conformance',
  'node-programs',
  'python-programs',
  'recipes',
  'runtimes',
  'support',
];

/** The only places that may name a platform's own modules: path, a folder or the beginning of a file's name. */
export const MAY_USE_NODE: readonly string[] = [
  'runtime/platform/',
  'runtime/doors/cli/',
  'runtime/observe/audit/',
  'runtime/cell/worker',
  'runtime/cell/process',
  'host-functions/fs/',
  'host-functions/http/',
  'host-functions/sql/postgres/',
  'host-functions/browser/',
];

/** Package → the folders that own it. */
export const OWNERS: Readonly<Record<string, readonly string[]>> = {
  '@babel/standalone': ['runtime/engines/quickjs'],
  // Those of the library are bundled into the engine's snapshot when it is built.
  '@noble/ciphers': ['runtime/engines/quickjs/library'],
  '@noble/curves': ['runtime/engines/quickjs/library'],
  '@noble/hashes': ['runtime/engines/quickjs'],
  buffer: ['runtime/engines/quickjs/library'],
  events: ['runtime/engines/quickjs/library'],
  brotli: ['runtime/engines/quickjs/library'],
  fflate: ['runtime/engines/quickjs/library'],
  fzstd: ['runtime/engines/quickjs/library'],
  'micro-rsa-dsa-dh': ['runtime/engines/quickjs/library'],
  'temporal-polyfill': ['runtime/engines/quickjs/library'],
  'urlpattern-polyfill': ['runtime/engines/quickjs/library'],
  'readable-stream': ['runtime/engines/quickjs/library'],
  string_decoder: ['runtime/engines/quickjs/library'],
  unenv: ['runtime/engines/quickjs/library'],
  'web-streams-polyfill': ['runtime/engines/quickjs/library'],
  '@bjorn3/browser_wasi_shim': ['runtime/engines/preview1'],
  '@bytecodealliance/jco-transpile': ['runtime/engines/component'],
  '@hono/node-server': ['runtime/doors/cli'],
  '@renovatebot/pep440': ['runtime/platform/python/packages'],
  '@wasmer/wasi': ['runtime/engines/preview1'],
  '@modelcontextprotocol/client': ['runtime/tools/remote'],
  '@modelcontextprotocol/server': ['runtime/doors/mcp'],
  ajv: ['runtime/doors/http', 'runtime/platform/schema', 'runtime/tools/check'],
  hono: ['runtime/doors/http'],
  jose: ['runtime/auth'],
  'ipaddr.js': ['host-functions/http'],
  'libpg-query': ['host-functions/sql/postgres'],
  minisearch: ['runtime/tools/select'],
  oauth4webapi: ['runtime/auth'],
  pg: ['host-functions/sql/postgres'],
  'pg-cursor': ['host-functions/sql/postgres'],
  'css-select': ['host-functions/browser'],
  htmlparser2: ['host-functions/browser'],
  'playwright-core': ['host-functions/browser'],
  'puppeteer-core': ['host-functions/browser'],
  pyodide: ['runtime/platform/python'],
  'rate-limiter-flexible': ['runtime/auth'],
  ioredis: ['runtime/doors/cli'],
  re2js: ['runtime/tools/check'],
  sucrase: ['runtime/build', 'runtime/engines/quickjs'],
  undici: ['host-functions/http'],
  ws: ['host-functions/http'],
};

/** Why what a file exports is a promise to embedders. */
export const AN_ENTRY = 'an entry of the package';

/** Files whose exports are a public promise, or are loaded by their URL; the tests pin the first. */
export const LOADED_FROM_OUTSIDE: readonly (readonly [file: RegExp, why: string])[] = [
  [/^runtime\/index\.[a-z.]*ts$/, AN_ENTRY],
  [/^runtime\/(?:observe|doors\/(?:ai|client|http))\/index\.ts$/, AN_ENTRY],
  [/^runtime\/engines\/[^/]+\/execute(-[a-z]+)?\.ts$/, 'a cell imports an executor by its URL'],
  [
    /^runtime\/engines\/quickjs\/prelude\/main\.ts$/,
    'bundled into the text that every JavaScript guest starts with',
  ],
  [
    /^runtime\/engines\/quickjs\/library\//,
    'bundled into the snapshot; its modules are evaluated when a guest first names them',
  ],
  [/^runtime\/engines\/component\/glue\/transpile-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/platform\/component\/component-node\.ts$/, 'a cell imports an executor by its URL'],
  [
    /^runtime\/engines\/component\/realm\/main\.ts$/,
    'bundled into the script that the realm of each run begins with',
  ],
  [/^host-functions\/browser\/html-worker-entry\.ts$/, 'a session of the driver http starts it as a worker'],
  [/^runtime\/platform\/inspect-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/cell\/compile-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/engines\/quickjs\/source-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/engines\/preview1\/instrument-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/engines\/component\/describe-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/engines\/component\/linking\/link-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/platform\/schema\/check-job\.ts$/, 'the worker of a job imports it by its URL'],
  [/^runtime\/platform\/python\/packages\/package-job\.ts$/, 'the worker of a job imports it by its URL'],
];

/** Exports that no other file of the product imports, and why they stay: `file#name` → reason. */
export const EXPORTS_KEPT: Readonly<Record<string, string>> = {
  'runtime/doors/cli/layers.ts#configSchema':
    'config.schema.json is written from it, and its test holds both together',
  'runtime/tools/manifest/policy-schema.ts#POLICY_SCHEMA':
    'policy.schema.json is written from it, and its test holds both to what readPolicy takes',
  'runtime/vocabulary/nearest.ts#editDistance':
    'its tests compare distances, of which nearest() shows only the order',
  'runtime/wasm/compile-limits.ts#COMPILE_LIMITS': 'attacks in the tests stand on both sides of each',
  'runtime/wasm/meter.ts#DEFAULT_SLICE_FUEL': 'tests place limits around it',
  'runtime/engines/pyodide/glue.ts#GLUE_NAMES':
    'a test compares it with what the glue of this Pyodide asks for',
  'runtime/engines/pyodide/stopped-at.ts#lineOf': 'its tests decode line tables of CPython',
};

/** Functions over 100 lines, and why they stay: `file#name` → reason. */
export const LONG_FUNCTIONS: Readonly<Record<string, string>> = {
  'runtime/wasm/function-emitter.ts#emitFunction': 'one pass over the operators of a function',
  'runtime/wasm/plan-function.ts#planFunction':
    'one pass over the operators of a function; its control stack is local to it',
  'runtime/doors/client/index.ts#createClient': 'a table of the routes that it asks',
  'runtime/doors/http/dashboard/script.ts#dashboardScript':
    'goes into the page as its own text, so it can import nothing',
  'runtime/observe/metrics.ts#createMetrics': 'a table of what is told of one set of sums',
  'runtime/observe/tracing.ts#createTracing': 'a table of what becomes of each kind of event',
  'runtime/doors/http/routes/sign-ins.ts#signInRoutes': 'a table of routes, each with its document',
  'runtime/doors/http/routes/tools.ts#toolRoutes': 'a table of routes, each with its document',
  'runtime/runtime.ts#createRuntimeOn': 'joins the rooms into a runtime, one after the other',
  'runtime/tools/remote/mounted.ts#createMounted':
    'what was heard, what is registered and what waits for a word are one state of one server',
  'runtime/tools/remote/server-link.ts#createServerLink':
    'one connection, its failures and its pauses are one state',
  'runtime/tools/remote/servers.ts#createServers': 'a table of what `tools.servers` offers',
  'runtime/tools/call.ts#createCaller': 'the stages of a call in their order, and what they share',
  'runtime/tools/tools.ts#createTools': 'a table of what `runtime.tools` offers',
  'runtime/work/lanes.ts#createLanes': 'one queue: its order and its places are one state',
  'runtime/engines/pyodide/engine.ts#createPyodideEngine':
    'what preparing, starting and snapshots share is made once for each engine',
  'runtime/engines/quickjs/loader.ts#createLoader':
    'one graph of modules: what was found, read and is missing is one state',
  'runtime/engines/quickjs/machine.ts#createMachine':
    'one instance: its imports and its calls share its memory and its heap',
  'runtime/engines/component/wasi/http-request.ts#requestClasses':
    'classes of one interface that share their run',
  'runtime/engines/pyodide/realm/boot.ts#bootRealm':
    'goes into the realm as its own text, so it can import nothing',
  'runtime/engines/pyodide/realm/buffers.ts#countBuffers':
    'goes into the realm as its own text, so it can import nothing',
  'runtime/engines/pyodide/realm/calls.ts#guardCalls':
    'goes into the realm as its own text, so it can import nothing',
  'runtime/engines/pyodide/realm/surroundings.ts#installSurroundings':
    'goes into the realm as its own text, so it can import nothing',
  'runtime/engines/pyodide/realm/files/open-files.ts#openHostFiles':
    'goes into the realm as its own text, so it can import nothing',
  'runtime/engines/pyodide/realm/files/paths.ts#serveHostPaths':
    'goes into the realm as its own text, so it can import nothing',
  'runtime/engines/quickjs/prelude/encoding.ts#installEncoding':
    'three classes and two functions over one host',
  'runtime/engines/quickjs/prelude/fetch.ts#installFetch': 'the steps of one request, which share the calls',
  'runtime/engines/quickjs/prelude/fs.ts#createSteps': 'a table of operations, a step list each',
  'runtime/engines/quickjs/library/modules/http.ts#makeRequest':
    'one request: its stream, its timer and its answer share one state',
  'runtime/engines/quickjs/prelude/main.ts#install': 'the order in which the parts of a guest are put up',
  'runtime/engines/quickjs/prelude/timers.ts#createTimers': 'one heap of timers behind six functions',
  'runtime/engines/quickjs/prelude/web-socket.ts#installWebSocket':
    'one class of the Web with its constants and events',
};

/** What no test under `test/unit` imports, so that they end within a minute; and what it does. */
export const TOO_SLOW_FOR_UNIT: Readonly<Record<string, string>> = {
  'test/support/pyodide-parts.ts': 'starts Python: test/contract/pyodide/',
  'test/guests/component/build.ts': 'builds components: test/contract/component/',
  'test/support/command-line.ts': 'starts the built command: test/e2e/',
};
