import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryBackend } from '../../host-functions/fs/memory-backend.ts';
import { createRuntime, watchGrant } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

verifies('FS-17');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandglass-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Descriptors of this process that lead into the folder. */
const openHere = (): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return []; // the one of this very listing
    }
  });

/** Runs a guest; `act` is called once it has printed. */
async function run(code: string, act: () => void) {
  await using runtime = createRuntime({ cache: false });
  return await runtime.run({
    language: 'javascript',
    code,
    grant: { fs: [{ host: folder, guest: '/d' }] },
    onOutput: act,
  });
}

test('a JavaScript guest watches a granted folder by the names of Node, and leaving the loop ends it', async () => {
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'a.txt'), '1');
  const outcome = await run(
    `import { watch } from 'node:fs/promises';
     const events = watch('/d', { recursive: true });
     const first = events.next();
     setTimeout(() => console.log('watching'), 0);
     const seen = [(await first).value];
     await events.return();
     export default [seen, await events.next()];`,
    () => appendFileSync(join(folder, 'sub', 'a.txt'), '2'),
  );
  expect(outcome).toMatchObject({
    ok: true,
    value: [[{ eventType: 'change', filename: 'sub/a.txt' }], { done: true }],
    usage: { hostCalls: { 'fs.read': 1 } },
  });
});

test('a signal ends the watch of a guest with AbortError', async () => {
  const outcome = await run(
    `const end = new AbortController();
     setTimeout(() => end.abort('enough'), 1);
     let ended;
     try { for await (const _ of fs.watch('/d', { signal: end.signal })); } catch (error) { ended = [error.name, error.cause]; }
     export default ended;`,
    () => undefined,
  );
  expect(outcome).toMatchObject({ ok: true, value: ['AbortError', 'enough'] });
});

test('a guest cannot watch a folder outside its grant', async () => {
  const outcome = await run("for await (const _ of fs.watch('/elsewhere'));", () => undefined);
  expect(outcome).toMatchObject({
    ok: false,
    error: { code: 'CAPABILITY_DENIED', details: { capability: 'fs.read', requested: '/elsewhere' } },
  });
});

test('a wait for changes ends with the run, and leaves no timer and no handle', async () => {
  await using runtime = createRuntime({ cache: false });
  for (const level of ['minimal', 'standard'] as const) {
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const outcome = await runtime.run({
      language: 'javascript',
      code: "for await (const _ of fs.watch('/d'));",
      grant: { fs: [{ host: folder, guest: '/d' }] },
      limits: { timeoutMs: 300 },
      level,
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'DEADLINE_EXCEEDED' } });
    // A cell that was broken off is waited for until its thread is gone, a moment later.
    const left = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    // Not by a poll of the test's own, which would be a timer as well.
    for (let turn = 0; turn < 100_000 && left() > timers; turn++)
      await new Promise((resolve) => setImmediate(resolve));
    expect(left()).toBeLessThanOrEqual(timers);
    if (process.platform === 'linux') expect(openHere()).toEqual([]);
  }
});

test('watchGrant() tells the embedder what changes, by guest paths, until the loop is left', async () => {
  const seen: unknown[] = [];
  const watch = watchGrant({ host: folder, guest: '/d', deny: ['hidden'] });
  writeFileSync(join(folder, 'hidden'), 'x');
  writeFileSync(join(folder, 'a.txt'), 'x');
  for await (const event of watch) {
    seen.push(event);
    break;
  }
  expect(seen).toEqual([{ path: '/d/a.txt', kind: 'create' }]);
  if (process.platform === 'linux') expect(openHere()).toEqual([]);
});

test('watchGrant() ends with its signal and when it is disposed', async () => {
  const end = new AbortController();
  const watch = watchGrant({ host: folder }, { signal: end.signal });
  const over = watch[Symbol.asyncIterator]().next();
  end.abort();
  expect(await over).toEqual({ done: true, value: undefined });
  {
    using other = watchGrant({ host: folder });
    expect(other).toBeDefined();
  }
  if (process.platform === 'linux') expect(openHere()).toEqual([]);
});

test('watchGrant() watches other back ends, and refuses what is not a grant or gives no reading', () => {
  using watch = watchGrant({ host: '/x' }, { files: createMemoryBackend() });
  expect(watch).toBeDefined();
  expect(() => watchGrant({ host: join(folder, 'none') })).toThrow(TypeError);
  expect(() => watchGrant({ host: folder, colour: 'red' } as never)).toThrow(TypeError);
  expect(() => watchGrant({ host: folder, access: ['write'] })).toThrow('no grant for fs.read');
  if (process.platform === 'linux') expect(openHere()).toEqual([]);
});
