import { describe, expect, test } from 'vitest';
import { instrument } from '../../runtime/wasm/instrument.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { promising } from '../../runtime/wasm/suspending.ts';
import { assemble } from '../support/wasm/assemble.ts';

const LOOP = `(module (func (export "run") (param i32) (result i32)
  loop $again local.get 0 i32.const 1 i32.sub local.tee 0 br_if $again end i32.const 1))`;
const module = new WebAssembly.Module(instrument(await assemble(LOOP), { maxMemoryPages: 1 }));

/** No guest here asks so often: one that does was refilled by the wrong meter, and ends instead of asking for ever. */
const ENOUGH = 10_000;

type Run = (times: number) => unknown;
/** A guest under a meter of its own; `asked` counts how often that was asked for more. */
const guest = (more: Partial<Parameters<typeof createMeter>[0]> = {}) => {
  const state = { asked: 0 };
  const meter = createMeter({
    fuel: 1e9,
    sliceFuel: 1_000,
    onSlice: () => {
      state.asked += 1;
      return state.asked > ENOUGH ? 'cancelled' : undefined;
    },
    ...more,
  });
  const { run } = meter.attach(new WebAssembly.Instance(module)) as { readonly run: Run }; // the module above exports it so
  return { meter, run, state };
};

/** What refills one guest serves the next: nothing of the first may come through it. */
describe('a meter that is released', () => {
  test('keeps its count, and refills its guest no more', () => {
    const { meter, run } = guest();
    expect(run(10_000)).toBe(1);
    const { used } = meter;
    expect(used).toBeGreaterThan(30_000);
    meter.release();
    expect(() => run(10_000)).toThrow(WebAssembly.RuntimeError);
    expect(meter.used - used).toBeLessThanOrEqual(1_000); // what was left of its slice
    meter.release(); // again: nothing happens
  });

  test('leaves nothing by which its guest reaches the next one’s meter', () => {
    const first = guest();
    first.run(10_000);
    first.meter.release();
    const second = guest();
    expect(second.run(10)).toBe(1);
    const { asked } = second.state;
    const { used } = second.meter;
    expect(() => first.run(1_000_000)).toThrow(WebAssembly.RuntimeError);
    expect(second.state.asked).toBe(asked);
    expect(second.meter.used).toBe(used);
    expect(second.run(10_000)).toBe(1);
    expect(second.state.asked).toBeGreaterThan(asked);
  });

  test('does not hand on what a suspended guest will come back into', async () => {
    const wake: (() => void)[] = [];
    const turns = { due: () => true, take: () => new Promise<void>((resolve) => wake.push(resolve)) };
    const first = guest({ turns });
    const stuck = (promising(first.run) as Run)(1_000_000) as Promise<unknown>;
    const ended = stuck.then(
      () => 'returned',
      (error: unknown) => (error instanceof WebAssembly.RuntimeError ? 'trapped' : 'threw'),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(wake).toHaveLength(1);
    first.meter.release();
    const second = guest({ turns: { due: () => false, take: () => Promise.resolve() } });
    expect(await (promising(second.run) as Run)(10_000)).toBe(1);
    const { asked } = second.state;
    wake[0]?.();
    expect(await ended).toBe('trapped');
    expect(second.state.asked).toBe(asked);
  });
});
