import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type RunError, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { CASES } from '../support/code-cases.ts';
import { verifies } from '../support/verifies.ts';

verifies('ER-03');

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime();
});
afterAll(() => runtime.close());

const shown = ({ code, message, hint }: RunError): readonly string[] => [
  code,
  message,
  ...(hint === undefined ? [] : [hint]),
];

async function told(options: RunOptions): Promise<readonly string[]> {
  const outcome = await runtime.run(options);
  return outcome.ok ? ['ok'] : shown(outcome.error);
}

/** What helps is to grant, install or change something, never to take a wall away. */
const BAD_ADVICE = /sudo|\broot\b|privileg|administrator|disable|turn off|minimal|--allow-all/i;
const expectGoodAdvice = (messages: Iterable<readonly string[]>): void => {
  for (const [code, message, hint = ''] of messages) {
    expect([code, message, hint]).not.toContainEqual(expect.stringMatching(BAD_ADVICE));
    if (/DENIED|EXHAUSTED|EXCEEDED|UNAUTHENTICATED|QUEUE_FULL|UNSUPPORTED/.test(code ?? ''))
      expect(hint).not.toBe('');
  }
};

test('each code of a run keeps its message and its hint', async () => {
  const messages: (readonly string[])[] = [];
  for (const { run } of Object.values(CASES)) messages.push(await told(await run()));
  expectGoodAdvice(messages);
  expect(messages).toMatchInlineSnapshot(`
    [
      [
        "INPUT_INVALID",
        "Cannot call "nope": "module.wasm" does not export it; it exports fib(i32) -> i32, add64(i64, i64) -> i64, half(f64) -> f64, narrow(f32) -> f32, swap(i32, i64) -> (i64, i32), nothing(), wide(v128) -> i32, reference() -> funcref",
      ],
      [
        "MODULE_INVALID",
        "Cannot use the WebAssembly binary: it is not WebAssembly, it looks like text",
      ],
      [
        "UNSUPPORTED",
        "Cannot run rust: no engine here takes its source, only what it was compiled to, a .wasm",
        "Known languages: javascript, typescript, python, shell. Compile any other to a .wasm and pass module",
      ],
      [
        "CAPABILITY_DENIED",
        "Cannot read "/etc/passwd": no grant for fs.read covers it",
        "Grant it with --allow-read=HOSTFOLDER:/etc (in a program: {"fs":[{"host":"HOSTFOLDER","guest":"/etc","access":["read"]}]}), or do without; do not retry",
      ],
      [
        "FUEL_EXHAUSTED",
        "Stopped the guest: its 10000000 units of fuel are spent",
        "Raise limits.fuel, or do less work in one run",
      ],
      [
        "DEADLINE_EXCEEDED",
        "Stopped the guest: over its deadline of 100 ms",
        "Raise limits.timeoutMs, or do less work in one run",
      ],
      [
        "MEMORY_EXCEEDED",
        "Stopped the guest: over its 16777216 bytes of memory",
        "Raise limits.memoryBytes, or hold less at once",
      ],
      [
        "STACK_EXCEEDED",
        "Stopped the guest: its call stack is full",
        "Recurse less deeply",
      ],
      [
        "OUTPUT_EXCEEDED",
        "Stopped the guest: over its 1048576 bytes of output",
        "Raise limits.outputBytes, print less, or write to a granted file",
      ],
      [
        "HOST_CALLS_EXCEEDED",
        "Cannot call fs.stat: the run's 1000 host calls are spent",
        "Raise limits.hostCalls, or make fewer calls",
      ],
      [
        "GUEST_THREW",
        "TypeError: no",
      ],
      [
        "GUEST_TRAPPED",
        "Guest trapped: unreachable",
      ],
      [
        "HOST_CALL_FAILED",
        "Cannot read "/tmp/nope": no such file or folder",
      ],
    ]
  `);
});

test('what is not granted, not there or not reached keeps its message, in each language', async () => {
  const http = { http: [{ origin: 'http://127.0.0.1:1' }] };
  const fs = { fs: [{ host: './wit', guest: '/data', extensions: ['.wit'] }] };
  const cases: Readonly<Record<string, RunOptions>> = {
    'no fs grant, Python': { language: 'python', code: "open('/data/x')" },
    'not writable': { language: 'javascript', code: "await fs.writeFile('/data/x.wit', '')", grant: fs },
    'another ending': { language: 'javascript', code: "await fs.readFile('/data/x.exe')", grant: fs },
    'no file': { language: 'python', code: "open('/data/x.wit')", grant: fs },
    'no http grant': { language: 'javascript', code: "await fetch('http://127.0.0.1:1/a?b=c')" },
    'no http grant, Python': {
      language: 'python',
      code: "import requests\nrequests.get('http://127.0.0.1:1/a')",
    },
    'another method': {
      language: 'javascript',
      code: "await fetch('http://127.0.0.1:1/', { method: 'POST' })",
      grant: http,
    },
    'remote refusal': { language: 'javascript', code: "await fetch('http://127.0.0.1:1/')", grant: http },
    'remote refusal, Python': {
      language: 'python',
      code: "import requests\nrequests.get('http://127.0.0.1:1/')",
      grant: http,
    },
    'no ws grant': {
      language: 'javascript',
      code: "await new Promise((_, no) => { new WebSocket('ws://127.0.0.1:1/').onerror = ({ error }) => no(error); })",
    },
    'a session that is gone': { session: 'gone', code: '1' },
    'no package source': { language: 'python', code: '1', packages: ['numpy'] },
    cancelled: { language: 'javascript', code: '1', signal: AbortSignal.abort() },
    'too little memory for Python': { language: 'python', code: '1', limits: { memoryBytes: 1024 * 1024 } },
  };
  const messages: Record<string, readonly string[]> = {};
  for (const [name, options] of Object.entries(cases)) messages[name] = await told(options);
  expectGoodAdvice(Object.values(messages));
  expect(messages).toMatchInlineSnapshot(`
    {
      "a session that is gone": [
        "INPUT_INVALID",
        "Cannot run in session "gone": none of this name is open",
        "Open it with sessions.open, in this runtime",
      ],
      "another ending": [
        "CAPABILITY_DENIED",
        "Cannot read "/data/x.exe": the grant covers only names that end in .wit, not .exe",
        "Use a name that ends in .wit; do not retry",
      ],
      "another method": [
        "CAPABILITY_DENIED",
        "Cannot fetch "http://127.0.0.1:1/": no grant for http covers POST to it",
        "Grant it with {"http":[{"origin":"http://127.0.0.1:1","methods":["POST"]}]}, in a program or a grant file, or do without; do not retry",
      ],
      "cancelled": [
        "CANCELLED",
        "Cannot run: cancelled before it started",
      ],
      "no file": [
        "HOST_CALL_FAILED",
        "Cannot open "/data/x.wit": no such file or folder",
      ],
      "no fs grant, Python": [
        "CAPABILITY_DENIED",
        "Cannot open "/data/x": no grant for fs.read covers it",
        "Grant it with --allow-read=HOSTFOLDER:/data (in a program: {"fs":[{"host":"HOSTFOLDER","guest":"/data","access":["read"]}]}), or do without; do not retry",
      ],
      "no http grant": [
        "CAPABILITY_DENIED",
        "Cannot fetch "http://127.0.0.1:1/a": no grant for http covers it",
        "Grant it with --allow-net=http://127.0.0.1:1 (in a program: {"http":[{"origin":"http://127.0.0.1:1"}]}), or do without; do not retry",
      ],
      "no http grant, Python": [
        "CAPABILITY_DENIED",
        "Cannot fetch "http://127.0.0.1:1/a": no grant for http covers it",
        "Grant it with --allow-net=http://127.0.0.1:1 (in a program: {"http":[{"origin":"http://127.0.0.1:1"}]}), or do without; do not retry",
      ],
      "no package source": [
        "UNSUPPORTED",
        "Cannot install "numpy": no source of packages is configured",
        "Configure a folder of wheels or an index: --wheels, --index; in a program the option packages of createRuntime",
      ],
      "no ws grant": [
        "CAPABILITY_DENIED",
        "Cannot connect to "ws://127.0.0.1:1/": no grant for ws covers it",
        "Grant it with --allow-net=ws://127.0.0.1:1 (in a program: {"ws":[{"origin":"ws://127.0.0.1:1"}]}), or do without; do not retry",
      ],
      "not writable": [
        "CAPABILITY_DENIED",
        "Cannot write "/data/x.wit": no grant for fs.write covers it",
        "Grant it with --allow-write=HOSTFOLDER:/data (in a program: {"fs":[{"host":"HOSTFOLDER","guest":"/data","access":["read","write"]}]}), or do without; do not retry",
      ],
      "remote refusal": [
        "HOST_CALL_FAILED",
        "Cannot fetch "http://127.0.0.1:1/": the server could not be reached or ended the connection",
        "See that the server is up and that this machine reaches it; the same request may work later",
      ],
      "remote refusal, Python": [
        "HOST_CALL_FAILED",
        "Cannot fetch "http://127.0.0.1:1/": the server could not be reached or ended the connection",
        "See that the server is up and that this machine reaches it; the same request may work later",
      ],
      "too little memory for Python": [
        "UNSUPPORTED",
        "Cannot run Python in 1048576 bytes: the interpreter itself takes 41943040",
        "Raise limits.memoryBytes to 41943040 or more",
      ],
    }
  `);
});

test('what the HTTP door refuses keeps its message', async () => {
  const scheduler = createInProcessScheduler({ concurrency: 1, maxQueued: 0 });
  const app = createHttpApp({
    runtime,
    scheduler,
    modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
    key: 'key',
  });
  const post = (body: unknown, key = 'key') =>
    app.request('http://localhost/v1/runs', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const script = { language: 'javascript', code: '1' };
  const bodies: Readonly<Record<string, () => Response | Promise<Response>>> = {
    'no key': () => post(script, 'wrong'),
    'no JSON': () => post('{'),
    'missing argument': () => post({ language: 'javascript' }),
    'unknown argument': () => post({ ...script, sandbox: false }),
    'bad enum': () => post({ ...script, level: 'paranoid' }),
    'limit out of range': () => post({ ...script, limits: { timeoutMs: 0 } }),
    'unknown field of a grant': () => post({ ...script, grant: { http: [{ origin: '*', method: 'GET' }] } }),
    'unknown secret': () => post({ ...script, grant: { http: [{ origin: 'https://a.com', secret: 's' }] } }),
    'no such run': () =>
      app.request('http://localhost/v1/runs/none', { headers: { authorization: 'Bearer key' } }),
    'no such route': () => app.request('http://localhost/v2', { headers: { authorization: 'Bearer key' } }),
  };
  const messages: Record<string, readonly string[]> = {};
  for (const [name, answer] of Object.entries(bodies)) {
    const { error } = (await (await answer()).json()) as { readonly error: RunError };
    messages[name] = shown(error);
  }
  const slow = post({ language: 'javascript', code: 'for (;;);', limits: { timeoutMs: 3_000 } });
  await expect.poll(() => scheduler.counts().running).toBe(1); // either could be the first to arrive
  const full = (await (await post(script)).json()) as { readonly error: RunError };
  messages['queue full'] = shown(full.error);
  await slow;
  expect(messages).toMatchInlineSnapshot(`
    {
      "bad enum": [
        "INPUT_INVALID",
        "Cannot read the body at "/level": expected one of minimal, standard, strict, maximum",
      ],
      "limit out of range": [
        "INPUT_INVALID",
        "Cannot read the body at "/limits/timeoutMs": expected a whole number >= 1",
      ],
      "missing argument": [
        "INPUT_INVALID",
        "Cannot read the body at "/": give either "code" with its "language", or "module" with the hash of an uploaded module, or "session" and "invoke"",
      ],
      "no JSON": [
        "INPUT_INVALID",
        "Cannot read the body: it is not JSON, Expected property name or '}' in JSON at position 1 (line 1 column 2)",
      ],
      "no key": [
        "UNAUTHENTICATED",
        "Cannot answer: no valid key was sent",
        "Send "Authorization: Bearer KEY" with the key that the server printed at its start",
      ],
      "no such route": [
        "INPUT_INVALID",
        "Cannot answer GET /v2: no such route",
      ],
      "no such run": [
        "INPUT_INVALID",
        "Cannot find run "none": unknown, or ended too long ago",
      ],
      "queue full": [
        "QUEUE_FULL",
        "Cannot accept a run: 0 are waiting already",
        "Send it again a little later",
      ],
      "unknown argument": [
        "INPUT_INVALID",
        "Cannot read the body at "/sandbox": unknown field, known are language, code, module, filename, modules, form, invoke, args, argv, stdin, inputs, packages, files, collect, cwd, session, grant, limits, level, engine, trace, priority",
      ],
      "unknown field of a grant": [
        "INPUT_INVALID",
        "Cannot read grant.http[0]: unknown field "method", did you mean "methods"?",
      ],
      "unknown secret": [
        "INPUT_INVALID",
        "Cannot grant http: there is no secret "s"",
      ],
    }
  `);
});
