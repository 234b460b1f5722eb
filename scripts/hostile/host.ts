// A host that serves HTTP and runs hostile guests. Started by `../hostile.ts`, which watches it from outside.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { createRuntime } from '../../runtime/index.ts';
import type { IsolationLevel } from '../../runtime/vocabulary/levels.ts';
import type { HostFlood } from './attack.ts';
import { FLOODS, type Flood } from './floods.ts';
import { HOST_FLOODS } from './host-floods.ts';
import type { Readers } from './servers.ts';

export interface HostReport {
  readonly codes: readonly string[];
  /** How long a run took beyond its deadline at most, ms. */
  readonly lateMs: number;
  /** How long an innocent run beside them took at most, ms; `null` where there was none. */
  readonly otherMs: number | null;
  /** What the thread of the host worked at most between two of its turns, ms of its own: true whatever else the machine does. */
  readonly heldMs: number;
}

const [name, engine, level, guests, ms] = process.argv.slice(2);
const timeoutMs = Number(ms);
const servers = new Worker(new URL('./servers.ts', import.meta.url));
const port = await new Promise<number>((resolve) => servers.once('message', resolve));
const runtime = createRuntime({ sql: { d: 'memory:' } });

/** Runs the attack, and tells how each part of it ended and how late. */
type Begun = () => Promise<Pick<HostReport, 'codes' | 'lateMs'>>;

async function guestsOf(flood: Flood): Promise<Begun> {
  runtime.tools.register(
    { name: 'echo', description: 'The text again', input: { text: { type: 'string' } } },
    { trusted: true, run: ({ text }) => String(text) },
  );
  for (let n = 0; n < 500; n += 1)
    runtime.tools.register(
      {
        name: `tool_${n}`,
        description: `Does what tool ${n} of many does, with words of its own: w${n} v${n}`,
        input: {},
      },
      { trusted: true, run: () => n },
    );
  runtime.tools.register(
    { name: 'again', description: 'Runs a guest', input: {} },
    { language: 'javascript', code: 'export const run = () => 1;' },
  );
  const options = { level: level as IsolationLevel }; // the parent passes one
  const program = await flood.program({ ws: `ws://127.0.0.1:${port}` });
  const limits = 'limits' in program ? program.limits : {};
  await runtime.run(
    'module' in program || program.grant !== undefined // what serves it is loaded when it is first asked for
      ? { ...program, ...options, limits: { ...limits, timeoutMs: 'module' in program ? 50 : 500 } }
      : { language: program.language, code: '1', ...options },
  );
  return async () => {
    const outcomes = await Promise.all(
      Array.from({ length: Number(guests) }, () =>
        runtime.run({ ...program, ...options, limits: { fuel: 1e15, ...limits, timeoutMs } }),
      ),
    );
    return {
      codes: outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code)),
      lateMs: Math.max(0, ...outcomes.map(({ usage }) => usage.durationMs - timeoutMs)),
    };
  };
}

async function attackOf(flood: HostFlood): Promise<Begun> {
  let sent = 0;
  const attack = await flood.begin({
    ws: `ws://127.0.0.1:${port}`,
    http: `http://127.0.0.1:${port}`,
    clients: (kind, door, forMs) => {
      sent += 1;
      const id = sent;
      servers.postMessage({ id, kind, door, ms: forMs } satisfies Readers);
      return new Promise((resolve) => {
        servers.on('message', (told: { readonly gone?: number }) => {
          if (told.gone === id) resolve();
        });
      });
    },
  });
  return async () => ({ codes: [await attack.run(timeoutMs)], lateMs: 0 });
}

const isIt = (one: Pick<Flood, 'name' | 'engine'> | HostFlood): boolean =>
  one.name === name && one.engine === engine;
const ofGuests = FLOODS.find(isIt);
const ofHost = HOST_FLOODS.find(isIt);
if (ofGuests === undefined && ofHost === undefined)
  throw new Error(`Cannot run the flood "${name}" of ${engine}: unknown`);
const begun = ofGuests === undefined ? await attackOf(ofHost as HostFlood) : await guestsOf(ofGuests); // one of them is there
const server = createServer((_request, response) => response.end('here')).listen(0, '127.0.0.1');
server.once('listening', () => process.send?.({ port: (server.address() as AddressInfo).port }));

/** Tells what this thread has worked at most in one go since it was begun. */
function watchHeld(): () => number {
  const worked = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = worked();
  let most = 0;
  const look = (): void => {
    const now = worked();
    most = Math.max(most, now - last);
    last = now;
  };
  const looks = setInterval(look, 1);
  return () => {
    clearInterval(looks);
    look();
    return most;
  };
}

process.once('message', async () => {
  let going = true;
  let otherMs: number | null = null;
  const others = async (): Promise<void> => {
    while (going) {
      const asked = performance.now();
      await runtime.run({ language: 'javascript', code: '1', level: 'standard' });
      otherMs = Math.max(otherMs ?? 0, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const beside = others();
  const held = watchHeld();
  const { codes, lateMs } = await begun();
  const heldMs = held();
  going = false;
  await beside;
  process.send?.({ report: { codes, lateMs, otherMs, heldMs } satisfies HostReport });
});
process.once('disconnect', () => process.exit(0));
