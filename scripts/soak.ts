// Keeps 64 clients busy with a built server for some minutes, and prints what it holds: memory, open files, threads. `npm run soak -- --minutes=10`
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    clients: { type: 'string', default: '64' },
  },
});
const minutes = Number(values.minutes);
const clients = Number(values.clients);
if (!(minutes > 0) || !(clients > 0))
  throw new Error('Cannot soak: --minutes and --clients take numbers over 0');

const MAIN = join(import.meta.dirname, '../dist/runtime/doors/cli/main.js');
const KEY = 'soak';
/** Lines of the table. */
const LINES = 10;
/** What a half of the run may hold more than the half before it, as a share, and still be flat. */
const FLAT = 0.1;

const server = spawn(process.execPath, [MAIN, 'serve', '--port=0', '--queue=1000'], {
  env: { PATH: process.env.PATH, HOME: process.env.HOME, SANDGLASS_KEY: KEY },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = once(server, 'exit');
let out = '';
for await (const piece of server.stdout) {
  out += String(piece);
  if (/Key: .+\n/.test(out)) break;
}
server.stdout.resume();
const port = Number(/:(\d+)\n/.exec(out)?.[1]);
const agent = new Agent({ keepAlive: true, maxSockets: clients });

/** What clients send in turns: a good run, one that throws, one that is stopped, a tool, a session's worth of output. */
const ASKED: readonly (readonly [path: string, body: object, ok: boolean])[] = [
  ['/v1/runs', { language: 'js', code: '1 + 1' }, true],
  ['/v1/runs', { language: 'js', code: "throw new Error('no')" }, false],
  ['/v1/runs', { language: 'js', code: 'for (;;);', limits: { fuel: 1_000_000 } }, false],
  ['/v1/tools/hash_text/call', { args: { text: 'abc' } }, true],
  ['/v1/runs', { language: 'js', code: "console.log('x'.repeat(10_000)); ({ a: [1, 2, 3] })" }, true],
];

function ask(path: string, body: object): Promise<{ readonly status: number; readonly ok: unknown }> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${KEY}`,
      'content-length': Buffer.byteLength(text),
    };
    const sent = request({ agent, port, path, headers, host: '127.0.0.1', method: 'POST' }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        answer += piece;
      });
      response.on('end', () => {
        const { ok }: { readonly ok?: unknown } = JSON.parse(answer);
        resolve({ status: response.statusCode ?? 0, ok });
      });
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

const tally = { done: 0, wrong: 0, lost: 0 };
const until = performance.now() + minutes * 60_000;
async function client(first: number): Promise<void> {
  for (let turn = first; performance.now() < until; turn++) {
    const [path, body, wanted] = ASKED[turn % ASKED.length] ?? ['/', {}, true];
    try {
      const { status, ok } = await ask(path, body);
      if (status === 200 && ok === wanted) tally.done += 1;
      else tally.wrong += 1;
    } catch {
      tally.lost += 1; // the connection broke: nobody has asked it to
    }
  }
}

interface Held {
  readonly rssMiB: number;
  readonly files: number;
  readonly threads: number;
}

/** What the kernel says of the process. */
async function held(): Promise<Held> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const files = await readdir(`/proc/${server.pid}/fd`);
  return { rssMiB: figure('VmRSS') / 1024, files: files.length, threads: figure('Threads') };
}

const samples: Held[] = [];
const started = performance.now();
console.log('| minute | done | wrong | lost | RSS, MiB | open files | threads | load |');
console.log('| -----: | ---: | ----: | ---: | -------: | ---------: | ------: | ---: |');
const all = Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
for (let line = 1; line <= LINES; line++) {
  const at = started + (line / LINES) * minutes * 60_000;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
  const now = await held();
  samples.push(now);
  const minute = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(
    `| ${minute} | ${tally.done} | ${tally.wrong} | ${tally.lost} | ${now.rssMiB.toFixed(0)} | ` +
      `${now.files} | ${now.threads} | ${loadavg()[0]?.toFixed(0)} |`,
  );
}
await all;
agent.destroy();
server.kill('SIGTERM');
await ended;

const most = (from: number, to: number, of: (one: Held) => number): number =>
  Math.max(...samples.slice(from, to).map(of));
const grown = (of: (one: Held) => number): number => most(LINES / 2, LINES, of) / most(1, LINES / 2, of) - 1;
const growth = { rss: grown(({ rssMiB }) => rssMiB), files: grown(({ files }) => files) };
const share = (value: number): string => `${(value * 100).toFixed(1)} %`;
console.log(`\nSecond half over the first: memory ${share(growth.rss)}, open files ${share(growth.files)}`);
if (tally.lost > 0 || tally.wrong > 0 || growth.rss > FLAT || growth.files > FLAT) {
  console.error('Not flat, or not all answered');
  process.exitCode = 1;
}
