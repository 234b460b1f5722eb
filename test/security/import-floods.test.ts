import { describe, expect, test } from 'vitest';
import type { Engine, GuestResult } from '../../runtime/contracts/engine.ts';
import { createComponentEngine } from '../../runtime/engines/component/engine.ts';
import { createPreview1Engine } from '../../runtime/engines/preview1/engine.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { FLOODS } from '../../scripts/hostile/floods.ts';
import { prepareGuest, wasm } from '../contract/engine-suite.ts';
import { wat } from '../guests/component/build.ts';
import { createFakeHost, runSpec } from '../support/fake-host.ts';
import { verifies } from '../support/verifies.ts';

verifies('XT-13', 'LM-03');

const FUEL = 40_000_000;
/** Units between two looks at a guest. */
const SLICE = 4_000_000;
const ENGINES: Readonly<Record<string, Engine>> = {
  preview1: createPreview1Engine(),
  component: createComponentEngine({ mode: 'jspi' }),
};

/** Runs a module in this thread, where it is to give up its turn whenever it is asked. */
async function runHere(
  engine: Engine,
  module: Uint8Array<ArrayBuffer>,
  invoke?: string,
): Promise<{ readonly result: GuestResult; readonly turns: number; readonly wrote: number }> {
  let turns = 0;
  let wrote = 0;
  const limits = mergeLimits([{ fuel: FUEL, outputBytes: 64 * 1024 * 1024 }], {
    memoryBytes: engine.memoryBytes,
  });
  const host = {
    ...createFakeHost({ canBlock: false }),
    write: () => {
      wrote += 1;
      return true;
    },
    random: () => undefined,
    turns: {
      due: () => true,
      take: async () => {
        turns += 1;
      },
    },
  };
  const guest = await prepareGuest(engine, await wasm(module, 'flood.wasm'), limits);
  const spec = runSpec({ limits, ...(invoke === undefined ? {} : { invoke }) });
  return { result: await engine.execute(guest, spec, host), turns, wrote };
}

describe.each(['preview1', 'component'])('a module of %s in the thread of its host', (name) => {
  const engine = ENGINES[name] as Engine; // of the table above
  test.each(['output', 'clocks', 'random', 'polls'])(
    'that does nothing but call (%s) pays for it and gives up its turns',
    async (kind) => {
      const flood = FLOODS.find((one) => one.engine === name && one.name === kind);
      const program = await flood?.program();
      if (program === undefined || !('module' in program)) throw new Error(`no flood ${kind}`);
      const { result, turns, wrote } = await runHere(engine, program.module as Uint8Array<ArrayBuffer>);
      expect(result).toMatchObject({ kind: 'limit', limit: 'fuel' });
      expect(turns).toBeGreaterThanOrEqual(FUEL / SLICE - 2);
      expect(wrote).toBeLessThanOrEqual(FUEL / 1000);
    },
  );
});

/** A function whose answer is a list of as many numbers or lists, all at one place of its memory. */
const list = (item: string, count: number): string => `(component
  (core module $m (memory (export "memory") 2)
    (func (export "many") (result i32) (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const ${count})) (i32.const 0)))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (func (export "many") (result (list ${item})) (canon lift (core func $i "many") (memory $memory))))`;

test('a component in the thread of its host passes lists only as long as can be made in one turn', async () => {
  const engine = ENGINES.component as Engine;
  const many = async (item: string, count: number) =>
    (await runHere(engine, await wat(list(item, count)), 'many')).result;
  expect(await many('bool', 100_001)).toMatchObject({
    kind: 'invalid',
    code: 'UNSUPPORTED',
    message: "Cannot take 100001 items of lists from the guest in the host's own thread: over 100000 a call",
  });
  const few = await many('bool', 50_000);
  expect(few).toMatchObject({ kind: 'value' });
  // Each of them was paid for as what it weighs here.
  expect(few.fuel).toBeGreaterThan(50_000 * 64);
  // Numbers are copied as one.
  expect(await many('u8', 120_000)).toMatchObject({ kind: 'value' });
});

test('a component holds only so many resources: each is an entry of a table of the host', async () => {
  const hoard = await wat(`(component
    (type $thing (resource (rep i32)))
    (core func $new (canon resource.new $thing))
    (core module $m (import "host" "new" (func $new (param i32) (result i32)))
      (func (export "hoard") (loop $again (drop (call $new (i32.const 7))) (br $again))))
    (core instance $i (instantiate $m (with "host" (instance (export "new" (func $new))))))
    (func (export "hoard") (canon lift (core func $i "hoard"))))`);
  const { result } = await runHere(ENGINES.component as Engine, hoard, 'hoard');
  expect(result).toMatchObject({
    kind: 'trapped',
    message: expect.stringContaining('it holds over 100000 resources of one kind'),
  });
});
