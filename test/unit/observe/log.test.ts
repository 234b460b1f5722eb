import { describe, expect, test } from 'vitest';
import { createLog, type LogLevels, parseLogLevels } from '../../../runtime/observe/log.ts';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import { createEventStream } from '../../../runtime/vocabulary/event-stream.ts';
import { NOTHING_USED } from '../../../runtime/vocabulary/outcome-of.ts';
import { verifies } from '../../support/verifies.ts';

const identity = { runId: 'run-1', depth: 0, caller: { id: 'ada', permissions: ['*'] } };

function open(levels?: LogLevels) {
  const events = createEventStream();
  const lines: Record<string, unknown>[] = [];
  const log = createLog(
    { on: events.on },
    {
      ...defined({ levels }),
      now: () => 0,
      write: (line) => lines.push(JSON.parse(line)),
    },
  );
  const all = (): void => {
    events.emit({ kind: 'run.queued', time: 0, identity, level: 'standard' });
    events.emit({
      kind: 'host.called',
      time: 0,
      identity,
      operation: 'fs.open',
      capability: 'fs.read',
      resource: { path: '/data/a' },
      decision: 'allowed',
      durationMs: 1.4,
      egressBytes: 0,
      ingressBytes: 0,
    });
    events.emit({
      kind: 'denied',
      time: 0,
      identity,
      code: 'CAPABILITY_DENIED',
      message: 'secret-text',
      capability: 'http',
    });
    events.emit({ kind: 'guest.logged', time: 0, identity, level: 'error', message: 'secret-text' });
    events.emit({ kind: 'tool.entered', time: 0, identity, stage: 'registered', tool: 'read' });
    events.emit({
      kind: 'tool.called',
      time: 0,
      identity,
      tool: 'read',
      callId: 'call-1',
      ok: false,
      code: 'GUEST_THREW',
      durationMs: 2.6,
      stages: [],
      usage: NOTHING_USED,
    });
    events.emit({
      kind: 'run.ended',
      time: 0,
      identity,
      level: 'standard',
      engine: 'quickjs',
      ok: true,
      queuedMs: 0,
      usage: { ...NOTHING_USED, durationMs: 3 },
    });
    events.emit({ kind: 'fault', time: 0, identity, error: new TypeError('of ours') });
  };
  return { log, lines, all, events };
}

const parts = (lines: readonly Record<string, unknown>[]): readonly string[] =>
  lines.map(({ part, level }) => `${part} ${level}`);

describe('createLog()', () => {
  test('writes a JSON object a line, from info upwards', verifies('MO-12'), () => {
    const { lines, all } = open();
    all();
    expect(lines).toEqual([
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'warn',
        part: 'policy',
        message: 'denied',
        run: 'run-1',
        user: 'ada',
        code: 'CAPABILITY_DENIED',
        capability: 'http',
      },
      expect.objectContaining({
        part: 'tools.call',
        level: 'warn',
        tool: 'read',
        call: 'call-1',
        code: 'GUEST_THREW',
        durationMs: 3,
      }),
      expect.objectContaining({ part: 'sandbox.run', level: 'info', engine: 'quickjs', ok: true }),
      expect.objectContaining({ part: 'sandbox', level: 'error', error: 'TypeError: of ours' }),
    ]);
  });

  test('only the part that is set to debug speaks at debug, with those below it', verifies('MO-12'), () => {
    const { lines, all } = open({ default: 'error', tools: 'debug' });
    all();
    expect(parts(lines)).toEqual(['tools.registry debug', 'tools.call warn', 'sandbox error']);
  });

  test('the longest part that fits decides; off says nothing', () => {
    const { lines, all } = open({ default: 'off', sandbox: 'error', 'sandbox.host': 'debug' });
    all();
    expect(parts(lines)).toEqual(['sandbox.host debug', 'sandbox error']);
  });

  test('doors write lines of their own by the same levels', () => {
    const { log, lines } = open({ server: 'warn' });
    log.write('server', 'info', 'request');
    log.write('server', 'error', 'failed', { text: 'x'.repeat(5_000) });
    expect(lines).toHaveLength(1);
    expect(String(lines[0]?.text).length).toBe(513);
    expect(log.speaks('server', 'info')).toBe(false);
    expect(log.speaks('tools.call', 'info')).toBe(true);
  });

  test('events that no line is written of are not asked for', () => {
    const { events } = open({ default: 'warn' });
    expect(events.wants('run.ended')).toBe(true);
    for (const kind of ['host.called', 'run.queued', 'run.started', 'tool.entered'] as const)
      expect([kind, events.wants(kind)]).toEqual([kind, false]);
    expect(open({ default: 'off' }).events.wants('fault')).toBe(false);
  });

  test('hears nothing once it is disposed', () => {
    const { log, lines, all } = open();
    log[Symbol.dispose]();
    all();
    expect(lines).toEqual([]);
  });
});

describe('parseLogLevels()', () => {
  test('reads a level for all, and levels of parts', () => {
    expect(parseLogLevels('warn,tools=debug, sandbox.run=off')).toEqual({
      default: 'warn',
      tools: 'debug',
      'sandbox.run': 'off',
    });
  });

  test.each([
    ['loud', 'unknown level "loud"'],
    ['tols=debug', 'unknown part "tols", did you mean "tools"?'],
    ['tools=debug=info', '"tools=debug=info" is not PART=LEVEL'],
  ])('refuses %s', (text, message) => {
    expect(() => parseLogLevels(text)).toThrow(message);
  });
});
