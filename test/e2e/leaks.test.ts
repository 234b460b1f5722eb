import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { createProbe, scriptedEngine } from '../support/scripted-engine.ts';
import type { Step } from '../support/scripted-executor.ts';

/** What keeps this process busy, by kind: workers, ports, timers, sockets, pipes. */
function activeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const childProcesses = (): string[] =>
  readdirSync('/proc/self/task').flatMap((task) => {
    const children = readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim();
    return children === '' ? [] : children.split(' ');
  });

const threads = (): number => readdirSync('/proc/self/task').length;

const ways: readonly [name: string, steps: readonly Step[], limits: Record<string, number>][] = [
  ['a value', [{ do: 'print', text: 'x' }], {}],
  ['a deadline while it waits', [{ do: 'call', operation: 'probe.never', args: {} }], { timeoutMs: 30 }],
  ['a deadline while it sleeps', [{ do: 'sleep', ms: 60_000 }], { timeoutMs: 30 }],
  ['too much output', [{ do: 'print', text: 'xxxxxxxxxx', times: 1e6 }], { outputBytes: 100 }],
  [
    'too many host calls',
    [{ do: 'call', operation: 'probe.echo', args: {} }, { do: 'letThrough' }],
    { hostCalls: 0 },
  ],
  ['a bug', [{ do: 'reject' }], {}],
];

test('no worker, process, port, timer or handle is left after runs that ended in every way', async () => {
  await turn();
  const before = { resources: activeResources(), children: childProcesses(), threads: threads() };
  const probe = createProbe();
  {
    await using runtime = createRuntimeOn(
      { ...nodePlatform, engines: [scriptedEngine], hostFunctions: [probe] },
      { cache: false, onError: () => undefined, cells: { warm: 1 } },
    );
    for (const level of ['minimal', 'standard', 'maximum'] as const) {
      for (const [, steps, limits] of ways) {
        await runtime.run({ language: 'scripted', code: JSON.stringify(steps), limits, level });
      }
    }
    const controller = new AbortController();
    const cancelled = runtime.run({
      language: 'scripted',
      code: JSON.stringify([{ do: 'print', text: 'x' }, { do: 'spin' }] satisfies Step[]),
      signal: controller.signal,
      onOutput: () => controller.abort(),
    });
    expect(await cancelled).toMatchObject({ ok: false, error: { code: 'CANCELLED' } });
  }
  await turn();
  expect(childProcesses()).toEqual(before.children);
  // The test runner's own timers come and go, so fewer is fine; more of any kind is ours.
  const more = Object.entries(activeResources()).filter(
    ([name, count]) => count > (before.resources[name] ?? 0),
  );
  expect(more).toEqual([]);
  expect(threads()).toBeLessThanOrEqual(before.threads);
  expect(probe.closed()).toBe(probe.opened());
});

/** Sessions that end in every way. */
async function openAndEndSessions(): Promise<void> {
  await using runtime = createRuntime({
    onError: () => undefined,
    cells: { warm: 0, maxCells: 6, maxSessions: 5 },
  });
  for (const level of ['minimal', 'standard', 'maximum'] as const) {
    const open = () => runtime.sessions.open({ language: 'javascript', level });
    const closed = await open();
    await closed.run({ code: 'setInterval(() => {}, 1); throw 1' });
    await closed.close();
    const stopped = await open();
    expect(await stopped.run({ code: 'for (;;);', limits: { fuel: 1e6 } })).toMatchObject({
      meta: { sessionEnded: true },
    });
    const unused = await open();
    await unused.close();
    await open(); // ends with the runtime
  }
  const python = await runtime.sessions.open({ language: 'python' });
  await python.run({ code: 'import asyncio\nasyncio.get_event_loop().call_later(600, print)\n1' });
  await python.close();
}

test('no worker, process, port or timer is left after sessions that ended in every way', async () => {
  await openAndEndSessions(); // once before: Node starts its pool of threads and its standard streams when they are first used
  for (let count = 0; count < 3; count++) await turn(); // and lists the handle of a process for a turn after its end
  const before = { resources: activeResources(), children: childProcesses(), threads: threads() };
  await openAndEndSessions();
  for (let count = 0; count < 3; count++) await turn();
  expect(childProcesses()).toEqual(before.children);
  const more = Object.entries(activeResources()).filter(
    ([name, count]) => count > (before.resources[name] ?? 0),
  );
  expect(more).toEqual([]);
  expect(threads()).toBeLessThanOrEqual(before.threads);
});
