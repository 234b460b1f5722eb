import { describe, expect, test } from 'vitest';
import type { RunOptions } from '../../../runtime/contracts/api/run.ts';
import type { Runtime, RuntimeOptions } from '../../../runtime/contracts/api/runtime.ts';
import { nodePlatform } from '../../../runtime/platform/node.ts';
import { createRunTeller } from '../../../runtime/run/tell.ts';
import { createRuntimeOn } from '../../../runtime/runtime.ts';
import type { Caller } from '../../../runtime/vocabulary/caller.ts';
import type { EventStream } from '../../../runtime/vocabulary/event-stream.ts';
import { createEventStream } from '../../../runtime/vocabulary/event-stream.ts';
import { EVENT_KINDS, type RuntimeEvent } from '../../../runtime/vocabulary/events.ts';
import { createProbe, scriptedEngine } from '../../support/scripted-engine.ts';
import type { Step } from '../../support/scripted-executor.ts';

const CALLER: Caller = { id: 'ada', agent: 'helper', permissions: ['probe.*'] };
const code = (...steps: Step[]): RunOptions => ({ language: 'scripted', code: JSON.stringify(steps) });
const call = (operation: string): Step => ({ do: 'call', operation, args: {} });
const granted: RunOptions['grant'] = { custom: { probe: true } };

function open(options: RuntimeOptions = {}): Runtime {
  return createRuntimeOn(
    { ...nodePlatform, engines: [scriptedEngine], hostFunctions: [createProbe()] },
    { level: 'minimal', cache: false, onError: () => undefined, ...options },
  );
}

function listen(runtime: Runtime): RuntimeEvent[] {
  const heard: RuntimeEvent[] = [];
  for (const kind of EVENT_KINDS) runtime.on(kind, (event) => heard.push(event));
  return heard;
}

describe('runtime.on()', () => {
  test('tells the story of a run, in order, with its identity', async () => {
    await using runtime = open();
    const heard = listen(runtime);
    const { usage } = await runtime.run({
      ...code(call('probe.echo'), call('probe.next')),
      grant: granted,
      runId: 'story',
      caller: CALLER,
    });
    const base = { time: expect.any(Number), identity: { runId: 'story', depth: 0, caller: CALLER } };
    const called = {
      kind: 'host.called',
      ...base,
      capability: 'probe.use',
      decision: 'allowed',
      durationMs: expect.any(Number),
      egressBytes: 0,
      ingressBytes: 1,
    };
    const level = 'minimal';
    const queuedMs = expect.any(Number);
    expect(heard).toEqual([
      { kind: 'run.queued', ...base, level },
      { kind: 'run.started', ...base, level, engine: 'scripted', queuedMs },
      { ...called, operation: 'probe.echo' },
      { ...called, operation: 'probe.next' },
      { kind: 'run.ended', ...base, level, engine: 'scripted', ok: true, queuedMs, usage },
    ]);
    expect(new Set(heard.map(({ identity }) => identity)).size).toBe(1);
  });

  test('a refused call has its code; one that is denied is told as denied, too', async () => {
    await using runtime = open();
    const heard = listen(runtime);
    await runtime.run({
      ...code(call('probe.echo'), call('nope.x')),
      grant: granted,
      caller: { ...CALLER, permissions: [] },
    });
    expect(heard.slice(2, 5)).toMatchObject([
      { kind: 'host.called', operation: 'probe.echo', decision: 'refused', code: 'CAPABILITY_DENIED' },
      { kind: 'denied', operation: 'probe.echo', capability: 'probe.use', code: 'CAPABILITY_DENIED' },
      { kind: 'host.called', operation: 'nope.x', decision: 'refused', code: 'UNSUPPORTED' },
    ]);
  });

  test('a run that is refused before it began is queued, denied and ended', async () => {
    await using runtime = open({ policy: {} });
    const heard = listen(runtime);
    await runtime.run({ ...code(call('probe.echo')), grant: granted });
    expect(heard).toMatchObject([
      { kind: 'run.queued' },
      { kind: 'denied', code: 'CAPABILITY_DENIED' },
      { kind: 'run.ended', ok: false, code: 'CAPABILITY_DENIED', engine: 'scripted' },
    ]);
  });

  test('a fault is told once, and reaches onError', async () => {
    const errors: unknown[] = [];
    await using runtime = open({ onError: (error, runId) => errors.push([error, runId]) });
    const heard = listen(runtime);
    await runtime.run({ ...code(call('probe.bug'), { do: 'letThrough' }), grant: granted, runId: 'r' });
    expect(heard.map(({ kind }) => kind)).toEqual([
      'run.queued',
      'run.started',
      'fault',
      'host.called',
      'run.ended',
    ]);
    expect(errors).toEqual([[expect.objectContaining({ message: '/home/secret leaked' }), 'r']]);
  });

  test('a run whose grant cannot be opened rejects, and has ended all the same', async () => {
    await using runtime = open({
      hostFunctions: [
        {
          name: 'picky',
          network: false,
          operations: {},
          open: () => {
            throw new RangeError('too picky');
          },
        },
      ],
    });
    const heard = listen(runtime);
    await expect(runtime.run({ ...code(), grant: { custom: { picky: 1 } } })).rejects.toThrow('too picky');
    expect(heard).toMatchObject([{ kind: 'run.queued' }, { kind: 'run.ended', code: 'INPUT_INVALID' }]);
  });

  test('a cell that had to be started is told of, and engines() knows', async () => {
    await using runtime = open({ level: 'standard' });
    const heard = listen(runtime);
    await runtime.run(code({ do: 'print', text: '' }));
    const started = heard.find((event) => event.kind === 'cell.started');
    expect(started).toMatchObject({ engine: 'scripted', waitedMs: expect.any(Number) });
    expect(runtime.engines()[0]?.startupMs).toBe(started?.kind === 'cell.started' ? started.waitedMs : 0);
  });

  test('a listener that throws, and one that fails later, leave the run as it is', async () => {
    const errors: unknown[] = [];
    await using runtime = open({
      onAudit: () => {
        throw new Error('audit');
      },
      onError: (error) => errors.push(error),
    });
    runtime.on('run.ended', async () => {
      throw new Error('later');
    });
    const run = () => runtime.run({ ...code(call('probe.echo'), call('probe.echo')), grant: granted });
    expect([(await run()).ok, (await run()).ok]).toEqual([true, true]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([new Error('audit'), new Error('later')]);
  });

  test('onAudit is a listener: one flat line for each call, with who asked', async () => {
    const lines: unknown[] = [];
    await using runtime = open({ onAudit: (line) => lines.push(line) });
    await runtime.run({ ...code(call('probe.echo')), grant: granted, runId: 'r', caller: CALLER });
    expect(lines).toEqual([
      {
        time: expect.any(Number),
        runId: 'r',
        caller: 'ada',
        operation: 'probe.echo',
        capability: 'probe.use',
        decision: 'allowed',
        durationMs: expect.any(Number),
        egressBytes: 0,
        ingressBytes: 1,
      },
    ]);
  });

  test('after it was taken back a listener hears nothing', async () => {
    await using runtime = open();
    const heard: string[] = [];
    const stop = runtime.on('run.queued', ({ identity }) => heard.push(identity.runId));
    await runtime.run({ ...code(), runId: 'first' });
    stop();
    await runtime.run({ ...code(), runId: 'second' });
    expect(heard).toEqual(['first']);
  });
});

test('a run that nobody listens to makes no events', () => {
  const stream = createEventStream();
  let made = 0;
  const counted: EventStream = { ...stream, emit: () => void made++ };
  const asRun = { identity: { runId: 'r', depth: 0 }, level: 'minimal', request: {} } as never; // no more of it is looked at
  const tell = createRunTeller(asRun, { events: counted, now: () => 0 });
  const plan = { engine: scriptedEngine } as never;
  tell.queued();
  tell.started(plan, 0);
  tell.reason({ ok: true, value: undefined, valueBytes: 0 }, true);
  tell.ended({} as never);
  tell.misused();
  expect(made).toBe(0);
});
