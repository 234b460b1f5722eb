import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Execute, GuestResult } from '../../runtime/contracts/engine.ts';
import { createPyodideExecutor } from '../../runtime/engines/pyodide/execute.ts';
import type { Realm } from '../../runtime/engines/pyodide/open-realm.ts';
import { openNodeRealm } from '../../runtime/platform/python/node-realm.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { createFakeHost, type FakeHost, runSpec } from '../support/fake-host.ts';
import { openPython } from '../support/pyodide-parts.ts';

/** A kept interpreter in this thread, whose garbage is collected when the test says so. */
async function openSession(): Promise<{
  run: (code: string) => Promise<{ result: GuestResult; host: FakeHost }>;
  collect: () => Promise<void>;
}> {
  const { shared } = await openPython();
  let realm: Realm | undefined;
  const executor = createPyodideExecutor(() => {
    realm = openNodeRealm();
    return realm;
  });
  await executor.warmUp?.(shared);
  const execute: Execute | undefined = await executor.open?.();
  if (execute === undefined) throw new Error('Python keeps no guest');
  return {
    run: async (code) => {
      const host = createFakeHost();
      const data = { code, filename: 'main.py', modules: {} };
      return {
        result: await execute(
          { data, modules: {} },
          runSpec({ limits: mergeLimits([{ fuel: 1_000_000_000 }]) }),
          host,
        ),
        host,
      };
    },
    collect: async () => {
      realm?.collect();
      for (let count = 0; count < 20; count++) await turn();
    },
  };
}

/** Hands an object to JavaScript and drops it there: freeing it, some time later, runs its `__del__`. */
const leave = (body: string): string =>
  [
    'from pyodide.ffi import to_js',
    'count = [0]',
    'class Left:',
    '  def __del__(self):',
    '    count[0] += 1',
    ...body.split('\n').map((line) => `    ${line}`),
    'held = to_js([Left() for i in range(3)], create_pyproxies=True)',
    'del held',
  ].join('\n');

// The engine may also collect before the run is over; then what is left runs in it, by right, and the test looks again.
const AGAIN = { retry: 5 };

test('what is freed between two runs reaches neither output nor host', AGAIN, async () => {
  const session = await openSession();
  const first = await session.run(leave("print('LATE')\nimport os\nopen('/late', 'w')"));
  expect(first.result).toMatchObject({ kind: 'value' });
  await session.collect();
  const second = await session.run('count[0]');
  expect(second.result).toMatchObject({ kind: 'value', value: 3 });
  for (const { host } of [first, second]) {
    expect([host.stdout(), host.calls]).toEqual(['', []]);
  }
});

test('a guest that goes on between two runs is stopped, and its session has ended', AGAIN, async () => {
  const session = await openSession();
  expect((await session.run(leave('while True: pass'))).result).toMatchObject({ kind: 'value' });
  await session.collect();
  expect((await session.run('1')).result).toMatchObject({ kind: 'trapped' });
});
