import type { GuestHost, RunSpec } from '../../contracts/engine.ts';
import { mergeLimits } from '../../vocabulary/limits.ts';
import type { PyodideProgram } from './program.ts';

/**
 * A program of our own that each interpreter runs before it gets a guest, on the very way that the guest's will take: what V8 compiles at its
 * first call, and what Python looks up at its first use, is then there. The runner takes back what it left; deterministic runs repeat, because
 * every interpreter has run the same.
 */
export const REHEARSAL: PyodideProgram = Object.freeze({
  code: `import asyncio
async def f(x):
    await asyncio.sleep(0)
    return {'a': [x, 1.5, 'b', None, b'c']}
print(a)
await f(sum(x * x for x in range(10)))`,
  filename: '<rehearsal>',
  modules: {},
});

export const REHEARSAL_RUN: RunSpec = Object.freeze({
  runId: '',
  argv: [],
  env: {},
  cwd: '/',
  stdin: new Uint8Array(),
  inputs: { a: 1 },
  args: [],
  limits: mergeLimits([], { fuel: Number.MAX_SAFE_INTEGER }),
  mounts: [],
  granted: [],
  options: {},
});

/** Serves the rehearsal, which asks for nothing. */
export function silentHost(): GuestHost {
  const refused = { id: 0, code: 'CAPABILITY_DENIED', message: 'Cannot call: no run is under way' } as const;
  return {
    canBlock: false,
    stackBytes: 0,
    call: async () => ({ ok: false, refusal: refused }),
    callSync: () => ({ ok: false, refusal: refused }),
    write: () => true,
    stopReason: () => undefined,
    now: () => 0,
    monotonic: () => 0,
    random: (bytes) => bytes.set(crypto.getRandomValues(new Uint8Array(bytes.length))),
    sleep: () => Promise.resolve(),
    rest: (until) => until,
    sleepSync: () => undefined,
    trackMemory: () => undefined,
  };
}
