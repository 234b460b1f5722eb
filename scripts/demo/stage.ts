import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, type Outcome, type RunOptions, type Runtime } from '../../runtime/index.ts';

/** The real files that the guests are granted: weather of Seattle, 2012 to 2015, from the package vega-datasets. */
export const DATA = join(import.meta.dirname, '../../node_modules/vega-datasets/data');

/** Everything a section plays with, and what it leaves for the next one and for the table at the end. */
export interface Stage extends AsyncDisposable {
  readonly runtime: Runtime;
  /** Temporary folder that guests may write to when they are granted it. */
  readonly out: string;
  /** A file outside every grant. */
  readonly secretFile: string;
  /** A server on this machine that no guest is granted. */
  readonly serverUrl: string;
  readonly serverHits: () => number;
  readonly acts: readonly Act[];
  /** Runs a guest and remembers it for the table. */
  run(name: string, options: RunOptions): Promise<Outcome>;
}

export interface Act {
  readonly name: string;
  readonly outcome: Outcome;
}

export const SECRET = 'the host keeps this to itself';

export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'sandglass-demo-'));
  const out = join(folder, 'out');
  const secretFile = join(folder, 'secret.txt');
  await mkdir(out);
  await writeFile(secretFile, SECRET);
  let hits = 0;
  const server = createServer((_, response) => {
    hits += 1;
    response.end(SECRET);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  const wheels = process.env.SANDGLASS_WHEELS;
  const runtime = createRuntime({
    tools: { builtin: true },
    ...(wheels === undefined ? {} : { packages: { wheels } }),
  });
  const acts: Act[] = [];
  return {
    runtime,
    out,
    secretFile,
    serverUrl: `http://127.0.0.1:${port}/`,
    serverHits: () => hits,
    acts,
    run: async (name, options) => {
      const outcome = await runtime.run(options);
      acts.push({ name, outcome });
      return outcome;
    },
    [Symbol.asyncDispose]: async () => {
      await runtime.close();
      await stop(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
