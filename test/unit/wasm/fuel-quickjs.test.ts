import { describe, expect, test } from 'vitest';
import { FUEL_SCHEDULE } from '../../../runtime/wasm/fuel-schedule.ts';
import { instrument } from '../../../runtime/wasm/instrument.ts';
import { createMeter } from '../../../runtime/wasm/meter.ts';
import { openQuickjs, publishedQuickjs } from '../../../scripts/bench/emscripten-quickjs.ts';
import { NAIVE, naiveCount } from '../../support/wasm/naive-count.ts';

/** Script → what it burns in the published QuickJS of the pinned version, under schedule 1. */
const PROGRAMS: Readonly<Record<string, number>> = {
  '"" + 1': 24_673,
  'let sum = 0; for (let i = 0; i < 1000; i++) sum += i; String(sum)': 771_483,
  '(function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) })(12).toString()': 532_243,
  '[3, 1, 2].map((n) => ({ n })).sort((a, b) => a.n - b.n).map(({ n }) => n).join()': 184_423,
  '"a-b-c".replace(/-(.)/g, (_, c) => c.toUpperCase())': 114_960,
  'try { throw new Error("x") } catch (e) { e.message }': 70_733,
  '(2n ** 200n).toString(16)': 42_234,
};

const metered = instrument(publishedQuickjs(), { maxMemoryPages: 2048 });

async function burn(code: string): Promise<readonly [string, number]> {
  const meter = createMeter({ fuel: 1e12 });
  const run = await openQuickjs(metered, (instance) => {
    const exports = meter.attach(instance);
    meter.start(instance);
    return exports;
  });
  const before = meter.used;
  const value = run(code);
  return [value, meter.used - before];
}

describe('QuickJS under the meter', () => {
  test('burns what counting before each operator counts', async () => {
    const counted = naiveCount(publishedQuickjs());
    for (const code of Object.keys(PROGRAMS)) {
      let counter: WebAssembly.Global | undefined;
      const run = await openQuickjs(counted, ({ exports }) => {
        counter = exports[NAIVE] as WebAssembly.Global; // added by the oracle
        return exports;
      });
      const before = Number(counter?.value);
      const value = run(code);
      expect(await burn(code)).toEqual([value, Number(counter?.value) - before]);
    }
  });

  test('burns the same in every process: counts are pinned', async () => {
    expect(FUEL_SCHEDULE.version).toBe(1);
    const burnt: Record<string, number> = {};
    for (const code of Object.keys(PROGRAMS)) [, burnt[code]] = await burn(code);
    expect(burnt).toEqual(PROGRAMS);
  });
});
