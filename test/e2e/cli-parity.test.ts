import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createRuntime, type Runtime } from '../../runtime/index.ts';
import { outcomeToJson } from '../../runtime/vocabulary/outcome-json.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
let runtime: Runtime;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-parity-'));
  runtime = createRuntime();
});
afterAll(async () => {
  await runtime.close();
  await rm(cwd, { recursive: true });
});

/** Without ids, and without what time and a warm or cold start decide. */
function comparable(outcome: unknown): unknown {
  const { usage, meta, ...rest } = Object(outcome);
  const { durationMs: _duration, cpuMs: _cpu, coldStart: _cold, ...stableUsage } = usage;
  const { runId: _id, queuedMs: _queued, ...stableMeta } = meta;
  return { ...rest, usage: stableUsage, meta: stableMeta };
}

describe('an outcome', verifies('RS-01'), () => {
  test.each([
    ['a good run', `console.log('out'); console.error('err'); ({ list: [1, null, 'x'] })`],
    ['a bad run', `console.log('out'); null.x`],
    ['a denied run', `await fetch('https://example.com')`],
  ])('of %s is the same JSON from code, the command line and HTTP', async (_name, code) => {
    await writeFile(join(cwd, 'guest.js'), code);
    const run = { language: 'javascript', code, filename: 'guest.js' };
    const app = createHttpApp({
      runtime,
      scheduler: createInProcessScheduler(),
      modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
      key: 'key',
    });
    const fromCode = JSON.parse(JSON.stringify(outcomeToJson(await runtime.run(run))));
    const fromCli = JSON.parse((await runCli(['run', 'guest.js', '--json'], { cwd })).out);
    const response = await app.request('/v1/runs', {
      method: 'POST',
      headers: { Authorization: 'Bearer key' },
      body: JSON.stringify(run),
    });
    expect(response.status).toBe(200);
    expect(comparable(fromCli)).toEqual(comparable(fromCode));
    expect(comparable(await response.json())).toEqual(comparable(fromCode));
    expect('value' in fromCode).toBe(fromCode.ok);
    expect('error' in fromCode).toBe(!fromCode.ok);
  });
});
