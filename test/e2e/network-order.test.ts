import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type Outcome, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { fetchGuest } from '../guests/component/build.ts';
import { startServer, type TestServer } from '../support/http-harness.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
let server: TestServer;
/** The path that is answered last: only after the other one was. */
let last = '';
let release: (() => void) | undefined;

beforeAll(async () => {
  runtime = createRuntime({ limits: { timeoutMs: 120_000 } });
  server = await startServer((request, response) => {
    const answer = () => response.end(request.url?.slice(1));
    if (request.url === last) release = answer;
    else response.end(request.url?.slice(1), () => setTimeout(() => release?.(), 20));
  });
});
afterAll(async () => {
  await runtime.close();
  await server[Symbol.asyncDispose]();
});

const GUESTS: Readonly<Record<string, (origin: string) => Promise<RunOptions>>> = {
  javascript: async (origin) => ({
    language: 'javascript',
    code: `const order = [];
await Promise.all(['a', 'b'].map(async (name) => order.push(await (await fetch('${origin}/' + name)).text())));
export default order;`,
  }),
  python: async (origin) => ({
    language: 'python',
    code: `import asyncio
from pyodide.http import pyfetch
order = []
async def ask(name):
    order.append(await (await pyfetch('${origin}/' + name)).text())
await asyncio.gather(ask('a'), ask('b'))
order`,
  }),
  component: async (origin) => ({
    module: await fetchGuest(),
    invoke: 'invoke',
    args: [JSON.stringify({ urls: [`${origin}/a`, `${origin}/b`] })],
  }),
};

/** A component of the world `tool` answers with JSON. */
const orderOf = (outcome: Outcome): unknown => {
  if (!outcome.ok) return outcome.error;
  return typeof outcome.value === 'string' ? JSON.parse(outcome.value) : outcome.value;
};

describe('a deterministic run does not depend on which answer comes first', verifies('XT-15'), () => {
  test.each(Object.keys(GUESTS))('%s', async (name) => {
    const options = await (GUESTS[name] as (typeof GUESTS)[string])(server.origin);
    const runs = [];
    for (last of ['/b', '/a']) {
      release = undefined;
      const outcome = await runtime.run({
        ...options,
        grant: { http: [{ origin: server.origin }] },
        deterministic: { seed: 1, now: 0 },
      });
      runs.push([orderOf(outcome), outcome.usage.fuel]);
    }
    expect(runs[0]).toEqual([['a', 'b'], expect.any(Number)]);
    expect(runs[1]).toEqual(runs[0]);
  });
});
