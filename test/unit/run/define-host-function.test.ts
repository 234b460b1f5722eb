import { afterAll, describe, expect, test } from 'vitest';
import { createRuntime, defineHostFunction, mergeGrants, SandglassError } from '../../../runtime/index.ts';
import type { HostCalled } from '../../../runtime/vocabulary/events.ts';

const dice = defineHostFunction({
  name: 'dice',
  example: 6,
  parse: (part, where) => {
    if (typeof part !== 'number') throw new TypeError(`Cannot read ${where}: expected a number of sides`);
    return { sides: part };
  },
  narrow: (asked, ceiling) => ({ sides: Math.min(asked.sides, ceiling?.sides ?? 0) }),
  operations: {
    sides: { call: (_, { part }) => part.sides },
    add: { capability: 'dice.sum', call: async ({ one, two }) => ({ sum: Number(one) + Number(two) }) },
    reverse: { call: (_, { bytes }) => bytes?.toReversed() },
    nothing: { call: () => undefined },
    refuse: {
      call: (): never => {
        throw new SandglassError('HOST_CALL_FAILED', 'Cannot roll: the table is full');
      },
    },
    break: {
      call: (): never => {
        throw new Error('/home/operator/secret');
      },
    },
    clock: { call: () => new Date(0) as never }, // what a caller without types may answer
  },
});

const told: unknown[] = [];
const runtime = createRuntime({
  level: 'minimal',
  hostFunctions: [dice],
  policy: { custom: { dice: 20 } },
  onError: (error) => told.push(error),
});
afterAll(() => runtime.close());

const run = (code: string, grant = {}) => runtime.run({ language: 'javascript', code, grant });
const GRANT = { custom: { dice: 100 } };

describe('defineHostFunction()', () => {
  test.each([
    ["await sandglass.call('dice.sides', {})", 20],
    ["await sandglass.call('dice.add', { one: 1, two: 2 })", { sum: 3 }],
    ["[...(await sandglass.call('dice.reverse', {}, Uint8Array.of(1, 2))).bytes]", [2, 1]],
    ["await sandglass.call('dice.nothing', {})", null],
  ])('serves %s', async (code, value) => {
    expect(await run(code, GRANT)).toMatchObject({ ok: true, value });
  });

  test('counts each operation under its capability', async () => {
    const { usage } = await run(
      "await sandglass.call('dice.add', { one: 1, two: 2 }); await sandglass.call('dice.sides', {})",
      GRANT,
    );
    expect(usage.hostCalls).toEqual({ 'dice.sum': 1, 'dice.sides': 1 });
  });

  test('denies all of it without a part, and names one that would do', async () => {
    const code = "await sandglass.call('dice.add', { one: 1, two: 2 })";
    const denied = await run(code);
    expect(denied).toMatchObject({
      ok: false,
      error: {
        code: 'CAPABILITY_DENIED',
        message: 'Cannot call dice.add: no grant for dice.sum covers it',
        hint: 'Grant it with custom.dice, e.g. {"custom":{"dice":6}}, or do without; do not retry',
        details: {
          capability: 'dice.sum',
          requested: 'dice.add',
          missing: ['dice.sum'],
          grant: { custom: { dice: 6 } },
        },
      },
    });
    const more = denied.ok ? undefined : denied.error.details?.grant;
    expect(await run(code, mergeGrants({}, more))).toMatchObject({ ok: true });
  });

  test('parses its part with the grant', async () => {
    await expect(run('1', { custom: { dice: 'six' } })).rejects.toThrow(
      'Cannot read grant.custom.dice: expected a number of sides',
    );
  });

  test.each([
    ['refuse', 'Cannot roll: the table is full', 0],
    ['break', 'Cannot serve dice.break: the host function failed', 1],
    ['clock', 'Cannot serve dice.clock: the host function failed', 1],
  ])('%s: only what was thrown to be told is told', async (operation, message, faults) => {
    told.length = 0;
    const outcome = await run(`await sandglass.call('dice.${operation}', {})`, GRANT);
    expect(outcome).toMatchObject({ ok: false, error: { code: 'HOST_CALL_FAILED', message } });
    expect(told).toHaveLength(faults);
  });

  test.each(['', 'a.b', 'dice roll', '1st', 'x'.repeat(32)])('refuses the name %j', (name) => {
    const call = () => null;
    expect(() => defineHostFunction({ name, operations: {} })).toThrow(TypeError);
    expect(() => defineHostFunction({ name: 'ok', operations: { [name]: { call } } })).toThrow(TypeError);
  });

  test('is six lines for a die', async () => {
    const die = defineHostFunction<number>({
      name: 'die',
      operations: { roll: { call: (_, { part }) => 1 + Math.floor(Math.random() * part) } },
    });
    await using own = createRuntime({ level: 'minimal', hostFunctions: [die] });
    const code = "await sandglass.call('die.roll', {})";
    expect(await own.run({ language: 'javascript', code, grant: { custom: { die: 1 } } })).toMatchObject({
      value: 1,
    });
    expect(await own.run({ language: 'javascript', code })).toMatchObject({
      error: { code: 'CAPABILITY_DENIED' },
    });
  });
});

describe('a definition that cannot be meant', () => {
  const call = (): null => null;
  test.each<[unknown, string]>([
    [undefined, 'expected an object of options, with name, operations'],
    [{}, 'Cannot define a host function: name is missing, expected a text'],
    [{ name: 'x' }, 'operations is missing, expected an object'],
    [{ name: 'x', operations: { y: {} } }, 'operation x.y: call is missing, expected a function'],
    [{ name: 'x', operations: { y: { call: 5 } } }, 'operation x.y: call is not a function'],
    [{ name: 'x', operations: { y: call } }, 'operation x.y: expected an object of options, with call'],
    [{ name: 'x', operations: { y: { call, capabilty: 'q' } } }, 'did you mean "capability"?'],
    [{ name: 'x', operations: { y: { call } }, exampel: 1 }, 'did you mean "example"?'],
    [{ name: 'x', operations: { y: { call } }, network: 'yes' }, 'network is not true or false'],
    [{ name: 'x', operations: { y: { call } }, parse: {} }, 'parse is not a function'],
    [{ name: 'x y', operations: { y: { call } } }, '"x y" is not a name of 1 to 31'],
  ])('%o', (definition, message) => {
    expect(() => defineHostFunction(definition as never)).toThrow(TypeError);
    expect(() => defineHostFunction(definition as never)).toThrow(message);
  });
});

test('a call knows its run: one that it starts shares parent, depth, caller and budget', async () => {
  const nested: unknown[] = [];
  const helper = defineHostFunction({
    name: 'helper',
    operations: {
      ask: {
        call: async (_, { run: parent, part }) => {
          const code = "await sandglass.call('dice.sides', {})";
          const grant = { custom: { dice: part } };
          const outcome = await nesting.run({ language: 'js', code, grant, parent });
          return outcome.ok ? outcome.usage.hostCalls['dice.sides'] : outcome.error.code;
        },
      },
    },
  });
  await using nesting = createRuntime({ level: 'minimal', hostFunctions: [dice, helper] });
  nesting.on('run.queued', ({ identity }) => nested.push(identity));
  const caller = { id: 'ada', permissions: ['helper.*', 'dice.*'] };
  const outer = await nesting.run({
    language: 'js',
    code: "[await sandglass.call('helper.ask', {}), await sandglass.call('helper.ask', {})]",
    grant: { custom: { helper: 6 } },
    limits: { hostCalls: 3, timeoutMs: 120_000 },
    caller,
    runId: 'outer',
  });
  expect(nested).toMatchObject([
    { runId: 'outer', depth: 0, caller },
    { parent: 'outer', depth: 1, caller },
    { parent: 'outer', depth: 1, caller },
  ]);
  // One for each question and one that the first nested run makes: there is none left for the second.
  expect(outer).toMatchObject({ ok: true, value: [1, 'HOST_CALLS_EXCEEDED'] });
  expect(outer.usage.hostCalls).toMatchObject({ 'helper.ask': 2 });
});

test('what a host function states of its resource is cut', async () => {
  const heard: HostCalled[] = [];
  await using telling = createRuntime({
    level: 'minimal',
    hostFunctions: [
      defineHostFunction({
        name: 'say',
        operations: {
          it: { resource: ({ text }) => ({ name: String(text), more: text }) as never, call: () => 1 },
          odd: { resource: () => 'text' as never, call: () => 2 },
        },
      }),
    ],
  });
  telling.on('host.called', (event) => heard.push(event));
  const code = `await sandglass.call('say.it', { text: 'x'.repeat(100_000) }); await sandglass.call('say.odd', {})`;
  expect(await telling.run({ language: 'js', code, grant: { custom: { say: true } } })).toMatchObject({
    value: 2,
  });
  expect(heard.map(({ resource }) => resource)).toEqual([{ name: `${'x'.repeat(4_095)}…` }, undefined]);
});
