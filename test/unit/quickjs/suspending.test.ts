import { describe, expect, test } from 'vitest';
import type { GuestResult, Turns } from '../../../runtime/contracts/engine.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { DEFAULT_SLICE_FUEL } from '../../../runtime/wasm/meter.ts';
import { prepareGuest, script } from '../../support/engine-guests.ts';
import { createFakeHost, runSpec } from '../../support/fake-host.ts';
import { quickjsEngine } from '../../support/quickjs-for-tests.ts';

const engine = quickjsEngine();

interface Counted {
  readonly result: GuestResult;
  /** Refills at which a turn was due. */
  readonly due: number;
  /** Turns that suspended the guest. */
  readonly taken: number;
}

/** Runs a text with a turn due at every refill. */
async function run(code: string, fuel: number): Promise<Counted> {
  let due = 0;
  let taken = 0;
  const turns: Turns = {
    due: () => {
      due += 1;
      return true;
    },
    take: async () => {
      taken += 1;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  const limits = mergeLimits([{ fuel }], { memoryBytes: engine.memoryBytes });
  const guest = await prepareGuest(engine, script('javascript', code), limits);
  const host = { ...createFakeHost({ canBlock: false, outputBytes: 64 * 1024 * 1024 }), turns };
  return { result: await engine.execute(guest, runSpec({ limits }), host), due, taken };
}

/** The host reads the text in steps inside the guest, under its own frame. */
const LARGE_PRINTS = `
  const seen = [];
  const text = 'é'.repeat(1000000);
  for (let round = 0; round < 4; round++) {
    try { console.log(text + round) } catch (error) { seen.push(String(error)) }
    try { for (let i = 0; i < 50000; i++) seen.length } catch (error) { seen.push(String(error)) }
    await null;
  }
  export default seen`;

describe('a guest that shares its thread', () => {
  test('is suspended where only its own code runs, goes on elsewhere, and sees neither', async () => {
    const { result, due, taken } = await run(LARGE_PRINTS, 1e10);
    expect(result).toMatchObject({ kind: 'value', value: [] });
    expect(taken).toBeGreaterThan(5);
    expect(due).toBeGreaterThan(taken);
  });

  test('burns what it burns without turns', async () => {
    const { result } = await run(LARGE_PRINTS, 1e10);
    const limits = mergeLimits([{ fuel: 1e10 }], { memoryBytes: engine.memoryBytes });
    const guest = await prepareGuest(engine, script('javascript', LARGE_PRINTS), limits);
    const host = createFakeHost({ outputBytes: 64 * 1024 * 1024 });
    const alone = await engine.execute(guest, runSpec({ limits }), host);
    expect(result.fuel).toBe(alone.fuel);
  });

  test.each([
    ['a script', 'for (;;) {}'],
    ['a promise job', 'await null; for (;;) {}'],
    ['a timer', 'setTimeout(() => { for (;;) {} }, 0)'],
    ['a callback of native code', '[2, 1].sort(() => { for (;;) {} })'],
    ['native code', "'a'.repeat(2e5).match(/(a*)*b/)"],
    ['a getter of its answer', 'export default { get x() { for (;;) {} } }'],
    ['catching all', 'for (;;) { try { for (;;) {} } catch {} finally { continue } }'],
  ])('takes its turns in %s, and ends there by its fuel', async (_where, code) => {
    const { result, taken } = await run(code, 20 * DEFAULT_SLICE_FUEL);
    expect(result).toMatchObject({ kind: 'limit', limit: 'fuel', fuel: 20 * DEFAULT_SLICE_FUEL });
    expect(taken).toBeGreaterThan(10);
  });

  test('is gone for good once it was stopped while suspended', async () => {
    let stopped = false;
    let turnsAfter = 0;
    const turns: Turns = {
      due: () => true,
      take: async () => {
        if (stopped) turnsAfter += 1;
        await new Promise((resolve) => setImmediate(resolve));
        stopped = true;
      },
    };
    const limits = mergeLimits([], { memoryBytes: engine.memoryBytes });
    const guest = await prepareGuest(engine, script('javascript', 'for (;;) {}'), limits);
    const fake = createFakeHost({ canBlock: false, stopReason: () => (stopped ? 'cancelled' : undefined) });
    const result = await engine.execute(guest, runSpec({ limits }), { ...fake, turns });
    expect(result).toMatchObject({ kind: 'limit', limit: 'cancelled' });
    expect(turnsAfter).toBe(0);
  });
});
