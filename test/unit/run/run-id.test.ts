import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../../runtime/contracts/api/run.ts';
import { createHttpApp } from '../../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../../runtime/doors/http/module-store.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import type { AuditLine } from '../../../runtime/vocabulary/events.ts';
import { createInProcessScheduler } from '../../../runtime/work/in-process.ts';
import { createProbe, scriptedEngine } from '../../support/scripted-engine.ts';

const CALL = JSON.stringify([{ do: 'call', operation: 'probe.echo', args: {} }]);
const run: RunOptions = { language: 'scripted', code: CALL, grant: { custom: { probe: true } } };

function open() {
  const audit: AuditLine[] = [];
  const runtime = createRuntimeOn(
    { ...nodePlatform, engines: [scriptedEngine], hostFunctions: [createProbe()] },
    { level: 'minimal', cache: false, onAudit: (line) => audit.push(line) },
  );
  return { runtime, ids: () => audit.map(({ runId }) => runId) };
}

describe('runId', () => {
  test.each([
    ['empty', ''],
    ['too long', 'a'.repeat(65)],
    ['with a blank', 'run 1'],
    ['with a line break at its end', 'run-1\n'],
    ['with a letter that is not ASCII', 'rün'],
    ['with a path', '../run'],
    ['a number', 7],
    ['null', null],
  ])('that is %s is a TypeError', async (_name, runId) => {
    await using runtime = open().runtime;
    const options = { ...run, runId } as RunOptions; // wrong on purpose
    await expect(runtime.run(options)).rejects.toThrow(TypeError);
    await expect(runtime.run(options)).rejects.toThrow('runId');
  });

  test('is the same in the handle, the outcome and the audit', async () => {
    const { runtime, ids } = open();
    const longest = `A-z_${'0'.repeat(60)}`;
    const handle = runtime.start({ ...run, runId: longest });
    expect(handle.id).toBe(longest);
    expect((await handle.outcome).meta.runId).toBe(longest);
    expect(ids()).toEqual([longest]);
    await runtime.close();
  });

  test('is a fresh one for each run that has none', async () => {
    const { runtime, ids } = open();
    const outcomes = [await runtime.run(run), await runtime.run(run)];
    expect(outcomes.map(({ meta }) => meta.runId)).toEqual(ids());
    expect(new Set(ids()).size).toBe(2);
    await runtime.close();
  });

  test('is one over HTTP: in the header, the outcome, the audit, and where the run is found', async () => {
    const { runtime, ids } = open();
    const app = createHttpApp({
      runtime: { run: (options) => runtime.run({ ...options, ...run } as RunOptions) },
      scheduler: createInProcessScheduler(),
      modules: createModuleStore({ inspect: () => ({ kind: 'module', exports: [] }) }),
      key: 'key',
    });
    const headers = { Authorization: 'Bearer key' };
    const body = JSON.stringify({ language: 'javascript', code: '1' });
    const response = await app.request('/v1/runs', { method: 'POST', headers, body });
    const id = response.headers.get('x-run-id');
    expect(await response.json()).toMatchObject({ ok: true, meta: { runId: id } });
    expect(ids()).toEqual([id]);
    const found = await app.request(`/v1/runs/${id}`, { headers });
    expect(await found.json()).toMatchObject({ id, outcome: { meta: { runId: id } } });
    await runtime.close();
  });
});
