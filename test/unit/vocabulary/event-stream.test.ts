import { describe, expect, test } from 'vitest';
import { createEventStream } from '../../../runtime/vocabulary/event-stream.ts';
import { EVENT_KINDS, type EventOf, type RuntimeEvent } from '../../../runtime/vocabulary/events.ts';
import { NOTHING_USED } from '../../../runtime/vocabulary/outcome-of.ts';
import { TEST_RUN } from '../../support/run-identity.ts';

const base = { time: 1, identity: TEST_RUN } as const;
const level = 'minimal';
const call = { operation: 'fs.read', capability: 'fs.read', durationMs: 0, egressBytes: 0, ingressBytes: 0 };
const SAMPLES: { readonly [K in RuntimeEvent['kind']]: EventOf<K> } = {
  'tool.entered': { kind: 'tool.entered', ...base, stage: 'registered', tool: 'echo' },
  'run.queued': { kind: 'run.queued', ...base, level },
  'cell.started': { kind: 'cell.started', ...base, engine: 'quickjs', waitedMs: 3 },
  'run.started': { kind: 'run.started', ...base, level, engine: 'quickjs', queuedMs: 0 },
  'host.called': { kind: 'host.called', ...base, ...call, decision: 'allowed', resource: { path: '/a' } },
  'guest.logged': { kind: 'guest.logged', ...base, level: 'info', message: 'begun' },
  denied: { kind: 'denied', ...base, code: 'CAPABILITY_DENIED', message: 'Cannot read "/b"' },
  'tool.progress': { kind: 'tool.progress', callId: 'c', ...base, tool: 'far', progress: 1 },
  'tool.started': { kind: 'tool.started', callId: 'c', ...base, tool: 'echo' },
  'tool.called': {
    kind: 'tool.called',
    callId: 'c',
    ...base,
    tool: 'echo',
    ok: true,
    durationMs: 1,
    stages: [],
    usage: NOTHING_USED,
  },
  fault: { kind: 'fault', ...base, error: new Error('bug') },
  'run.ended': {
    kind: 'run.ended',
    ...base,
    level,
    engine: null,
    ok: false,
    code: 'INTERNAL',
    queuedMs: 0,
    usage: NOTHING_USED,
  },
};

describe('createEventStream()', () => {
  test.each(EVENT_KINDS)('tells a listener of %s, and no other', (kind) => {
    const events = createEventStream();
    const heard: RuntimeEvent[] = [];
    events.on(kind, (event) => heard.push(event));
    for (const sample of Object.values(SAMPLES)) events.emit({ ...sample });
    expect(heard).toEqual([SAMPLES[kind]]);
    expect(EVENT_KINDS.filter(events.wants)).toEqual([kind]);
  });

  test('what it answers takes the listener back, by a call or by using', () => {
    const events = createEventStream();
    const heard: string[] = [];
    const stop = events.on('run.queued', () => heard.push('called'));
    {
      using _ = events.on('run.queued', () => heard.push('used'));
      events.emit({ ...SAMPLES['run.queued'] });
    }
    events.emit({ ...SAMPLES['run.queued'] });
    stop();
    stop();
    events.emit({ ...SAMPLES['run.queued'] });
    expect(heard).toEqual(['called', 'used', 'called']);
    expect(events.wants('run.queued')).toBe(false);
  });

  test('one listener given twice is two', () => {
    const events = createEventStream();
    let heard = 0;
    const listener = (): void => void heard++;
    const stop = events.on('run.queued', listener);
    events.on('run.queued', listener);
    events.emit({ ...SAMPLES['run.queued'] });
    stop();
    events.emit({ ...SAMPLES['run.queued'] });
    expect(heard).toBe(3);
  });

  test('a listener that was taken back by one before it hears nothing', () => {
    const events = createEventStream();
    const heard: string[] = [];
    events.on('run.queued', () => stop());
    const stop = events.on('run.queued', () => heard.push('late'));
    events.emit({ ...SAMPLES['run.queued'] });
    expect(heard).toEqual([]);
  });

  test('what a listener makes happen is told after what happens, to all in one order', () => {
    const events = createEventStream();
    const heard: string[] = [];
    events.on('run.queued', () => {
      heard.push('first:queued');
      events.emit({ ...SAMPLES['run.ended'] });
    });
    events.on('run.queued', () => heard.push('second:queued'));
    events.on('run.ended', () => heard.push('ended'));
    events.emit({ ...SAMPLES['run.queued'] });
    expect(heard).toEqual(['first:queued', 'second:queued', 'ended']);
  });

  test('a listener that throws harms nobody; its fault is told once', async () => {
    const events = createEventStream();
    const faults: unknown[] = [];
    const heard: string[] = [];
    const bug = new Error('listener');
    events.on('fault', ({ error }) => faults.push(error));
    events.on('run.queued', () => {
      throw bug;
    });
    events.on('run.queued', async () => {
      throw new Error('later');
    });
    events.on('run.queued', () => heard.push('queued'));
    events.emit({ ...SAMPLES['run.queued'] });
    events.emit({ ...SAMPLES['run.queued'] });
    await Promise.resolve();
    await Promise.resolve();
    expect(heard).toEqual(['queued', 'queued']);
    expect(faults).toEqual([bug, new Error('later')]);
  });

  test('a listener of faults that throws is not told of itself', () => {
    const events = createEventStream();
    let heard = 0;
    events.on('fault', () => {
      heard++;
      throw new Error('again');
    });
    events.emit({ ...SAMPLES.fault });
    expect(heard).toBe(1);
  });

  test('refuses an unknown kind with the nearest one, and what is not a function', () => {
    const events = createEventStream();
    expect(() => events.on('run.end' as 'run.ended', () => undefined)).toThrow('did you mean "run.ended"');
    expect(() => events.on('fault', undefined as never)).toThrow(TypeError);
  });

  test('events are frozen: no listener changes what another hears', () => {
    const events = createEventStream();
    const faults: unknown[] = [];
    events.on('fault', ({ error }) => faults.push(error));
    events.on('run.queued', (event) => {
      (event as { time: number }).time = 99;
    });
    const times: number[] = [];
    events.on('run.queued', ({ time }) => times.push(time));
    events.emit({ ...SAMPLES['run.queued'] });
    expect(times).toEqual([1]);
    expect(faults).toEqual([expect.any(TypeError)]);
  });
});
