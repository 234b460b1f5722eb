import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../runtime/cell/seeded-random.ts';
import type { HostAnswer } from '../../runtime/contracts/engine.ts';
import type { Gate } from '../../runtime/contracts/gate.ts';
import type { HostFunction } from '../../runtime/contracts/host-function.ts';
import { openGate } from '../../runtime/gate/open-gate.ts';
import { createBudget } from '../../runtime/vocabulary/budget.ts';
import { createEventStream } from '../../runtime/vocabulary/event-stream.ts';
import { type AuditLine, auditLineOf } from '../../runtime/vocabulary/events.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { type Limits, mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { createProbe, type Probe } from '../support/scripted-engine.ts';
import { verifies } from '../support/verifies.ts';

verifies('PM-24');

interface Opened {
  readonly gate: Gate;
  readonly probe: Probe;
  readonly audited: AuditLine[];
}

async function open(
  limits: Partial<Limits> = {},
  more: readonly HostFunction[] = [],
  noNetwork = false,
): Promise<Opened> {
  const probe = createProbe();
  const audited: AuditLine[] = [];
  const events = createEventStream();
  events.on('host.called', (event) => audited.push(auditLineOf(event)));
  const gate = await openGate({
    identity: { runId: 'run-fuzz', depth: 0 },
    budget: createBudget(mergeLimits([limits]), () => 0),
    events,
    parts: new Map<string, JsonValue>([['probe', {}]]),
    hostFunctions: new Map([probe, ...more].map((host) => [host.name, host])),
    noNetwork,
    level: noNetwork ? 'strict' : 'standard',
    context: { readOnlyFiles: false, noHostFiles: false, secret: () => undefined, now: () => 0 },
    monotonic: () => 0,
  });
  return { gate, probe, audited };
}

const codeOf = (answer: HostAnswer): string => (answer.ok ? 'ok' : answer.refusal.code);

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
let deep: unknown = 0;
for (let level = 0; level < 100; level++) deep = [deep];

describe('Gate.call()', () => {
  test.each<[string, unknown, unknown, unknown, string]>([
    ['no operation', undefined, {}, undefined, 'UNSUPPORTED'],
    ['a number', 1, {}, undefined, 'UNSUPPORTED'],
    ['an object with toString', { toString: () => 'probe.echo' }, {}, undefined, 'UNSUPPORTED'],
    ['an unknown function', 'nope.echo', {}, undefined, 'UNSUPPORTED'],
    ['an unknown operation', 'probe.nope', {}, undefined, 'UNSUPPORTED'],
    ['an inherited name', 'probe.constructor', {}, undefined, 'UNSUPPORTED'],
    ['a prototype key', '__proto__.__proto__', {}, undefined, 'UNSUPPORTED'],
    ['a name without a dot', 'probe', {}, undefined, 'UNSUPPORTED'],
    ['an empty name', '', {}, undefined, 'UNSUPPORTED'],
    ['a name of a megabyte', `probe.${'x'.repeat(1 << 20)}`, {}, undefined, 'UNSUPPORTED'],
    ['arguments that are a list', 'probe.echo', [], undefined, 'INPUT_INVALID'],
    ['arguments that are a text', 'probe.echo', '{}', undefined, 'INPUT_INVALID'],
    ['no arguments', 'probe.echo', undefined, undefined, 'INPUT_INVALID'],
    ['null arguments', 'probe.echo', null, undefined, 'INPUT_INVALID'],
    ['a function in the arguments', 'probe.echo', { f: () => 1 }, undefined, 'INPUT_INVALID'],
    ['a bigint in the arguments', 'probe.echo', { n: 1n }, undefined, 'INPUT_INVALID'],
    ['NaN in the arguments', 'probe.echo', { n: Number.NaN }, undefined, 'INPUT_INVALID'],
    ['a cycle', 'probe.echo', cycle, undefined, 'INPUT_INVALID'],
    ['arguments nested too deeply', 'probe.echo', { deep }, undefined, 'INPUT_INVALID'],
    ['a class instance', 'probe.echo', { date: new Date() }, undefined, 'INPUT_INVALID'],
    [
      'a getter that throws',
      'probe.echo',
      {
        get x(): never {
          throw new Error('boo');
        },
      },
      undefined,
      'INPUT_INVALID',
    ],
    ['arguments over hostCallBytes', 'probe.echo', { text: 'x'.repeat(5000) }, undefined, 'INPUT_INVALID'],
    ['bytes that are a text', 'probe.echo', {}, 'bytes', 'INPUT_INVALID'],
    ['bytes that are an array', 'probe.echo', {}, [1, 2], 'INPUT_INVALID'],
    ['bytes that are an ArrayBuffer', 'probe.echo', {}, new ArrayBuffer(2), 'INPUT_INVALID'],
    ['bytes over hostCallBytes', 'probe.echo', {}, new Uint8Array(4097), 'INPUT_INVALID'],
  ])('refuses %s before the host function sees it', async (_name, operation, args, bytes, code) => {
    const { gate, probe, audited } = await open({ hostCallBytes: 4096 });
    expect(codeOf(await gate.call(operation, args, bytes))).toBe(code);
    expect(probe.served).toEqual([]);
    expect(audited).toHaveLength(1);
    expect(audited[0]).toMatchObject({ decision: 'refused', code });
    await gate.close();
  });

  test('a "__proto__" argument stays data and pollutes nothing', async () => {
    const { gate } = await open();
    const answer = await gate.call(
      'probe.echo',
      JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
      undefined,
    );
    expect(answer).toMatchObject({ ok: true });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    await gate.close();
  });

  test('the arguments are copied: changing them after the call changes nothing', async () => {
    const { gate } = await open();
    const args = { list: [1] };
    const answer = gate.call('probe.echo', args, undefined);
    args.list.push(2);
    expect(await answer).toMatchObject({ ok: true, value: { list: [1] } });
    await gate.close();
  });

  test('bytes are a private copy, also when they are a view of memory that the guest can still write to', async () => {
    let seen: Uint8Array | undefined;
    const keep: HostFunction = {
      name: 'keep',
      network: false,
      operations: { 'keep.bytes': { capability: 'keep', kind: 'act' } },
      open: () => ({
        call: (_operation, { bytes }) => {
          seen = bytes;
          return {};
        },
        close: () => undefined,
      }),
    };
    const { gate } = await open({}, [keep]);
    for (const memory of [new ArrayBuffer(16), new SharedArrayBuffer(16)]) {
      const view = new Uint8Array(memory, 4, 4);
      gate.call('keep.bytes', {}, view);
      view.fill(9);
      expect([...(seen ?? [])]).toEqual([0, 0, 0, 0]);
    }
    await gate.close();
  });

  test('a host function that calls back into the gate is served and counted', async () => {
    let inner: Gate | undefined;
    const reentrant: HostFunction = {
      name: 'loop',
      network: false,
      operations: { 'loop.go': { capability: 'loop', kind: 'act' } },
      open: () => ({
        call: async () => ({
          value: codeOf((await inner?.call('loop.go', {}, undefined)) ?? { ok: true, value: null }),
        }),
        close: () => undefined,
      }),
    };
    const { gate } = await open({ hostCalls: 5 }, [reentrant]);
    inner = gate;
    expect(await gate.call('loop.go', {}, undefined)).toMatchObject({ ok: true });
    expect(gate.usage().hostCalls).toEqual({ loop: 6 });
    await gate.close();
  });

  test('calls that never settle are ended with the run, and later ones are refused', async () => {
    const { gate, probe } = await open();
    const pending = [1, 2, 3].map(() => gate.call('probe.never', {}, undefined));
    await gate.close();
    expect((await Promise.all(pending)).map(codeOf)).toEqual([
      'HOST_CALL_FAILED',
      'HOST_CALL_FAILED',
      'HOST_CALL_FAILED',
    ]);
    expect(codeOf(await gate.call('probe.echo', {}, undefined))).toBe('CANCELLED');
    expect(probe.closed()).toBe(1);
  });

  test('a flood of refused calls costs a bounded number of audit lines', async () => {
    const { gate, audited } = await open({ hostCalls: 3 });
    for (let call = 0; call < 10_000; call++) await gate.call('probe.echo', {}, undefined);
    expect(audited.length).toBeLessThan(20);
    expect(gate.usage().hostCalls).toEqual({ 'probe.use': 10_000 });
    await gate.close();
  });

  test('the capability of a call can depend on its arguments, and is what is counted and audited', async () => {
    const door: HostFunction = {
      name: 'door',
      network: false,
      operations: {
        'door.open': {
          capability: 'door.look',
          kind: 'act',
          capabilityOf: ({ write }) => (write === true ? 'door.write' : 'door.look'),
        },
      },
      open: () => ({ call: () => ({}), close: () => undefined }),
    };
    const { gate, audited } = await open({}, [door]);
    await gate.call('door.open', { write: true }, undefined);
    await gate.call('door.open', { write: 'true' }, undefined);
    await gate.call('door.open', [], undefined);
    expect(gate.usage().hostCalls).toEqual({ 'door.write': 1, 'door.look': 2 });
    expect(audited.map(({ capability }) => capability)).toEqual(['door.write', 'door.look', 'door.look']);
    await gate.close();
  });

  test('a network function is refused where the level forbids it', async () => {
    const network: HostFunction = {
      name: 'net',
      network: true,
      operations: { 'net.go': { capability: 'net', kind: 'act' } },
      open: () => ({ call: () => ({ value: 'reached' }), close: () => undefined }),
    };
    const { gate } = await open({}, [network], true);
    expect(codeOf(await gate.call('net.go', {}, undefined))).toBe('CAPABILITY_DENIED');
    await gate.close();
  });

  test('10,000 random calls never throw, never reject, and reach the host only when well-formed', async () => {
    const { gate, probe } = await open({ hostCalls: 1_000_000, hostCallBytes: 1024 });
    const fill = seededRandom(20_261_121);
    const draw = (below: number): number => {
      const bytes = new Uint8Array(4);
      fill(bytes);
      return (new DataView(bytes.buffer).getUint32(0) / 2 ** 32) * below;
    };
    const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(draw(items.length))];
    const atoms: readonly unknown[] = [
      undefined,
      null,
      true,
      0,
      -1,
      2 ** 53,
      Number.NaN,
      1n,
      '',
      'probe.echo',
      '\0',
      'x'.repeat(2000),
      Symbol.iterator,
      () => 1,
      new Map(),
      new Uint8Array(3),
      new Uint8Array(2000),
      new SharedArrayBuffer(2),
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('trap');
          },
        },
      ),
      Promise.resolve(),
      /x/,
      Object.create(null),
      // biome-ignore lint/suspicious/noThenProperty: a thenable is the attack
      { then: () => undefined },
    ];
    const value = (depth: number): unknown => {
      if (depth === 0 || draw(1) < 0.5) return pick(atoms);
      return draw(1) < 0.5
        ? [value(depth - 1), value(depth - 1)]
        : { [String(pick(['a', '__proto__', 'constructor', '']))]: value(depth - 1) };
    };
    for (let round = 0; round < 10_000; round++) {
      const operation = pick([...atoms, 'probe.echo', 'probe.next', 'probe.bug', 'probe.large']);
      const answer = await gate.call(operation, value(3), draw(1) < 0.5 ? undefined : value(1));
      expect(typeof answer.ok).toBe('boolean');
    }
    expect(
      probe.served.every((name) => ['probe.echo', 'probe.next', 'probe.bug', 'probe.large'].includes(name)),
    ).toBe(true);
    expect(probe.served.length).toBeGreaterThan(50);
    await gate.close();
  });
});
