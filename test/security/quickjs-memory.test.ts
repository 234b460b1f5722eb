import { afterEach, expect, test } from 'vitest';
import { WASM_PAGE } from '../../runtime/engines/quickjs/abi.ts';
import { layoutOf } from '../../runtime/engines/quickjs/layout.ts';
import { type GuestMemory, takeMemory } from '../../runtime/engines/quickjs/memory-pool.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { loadQuickjs, runJs } from '../support/quickjs-for-tests.ts';

const { module } = await loadQuickjs();
const { pages } = layoutOf(module);
const maximum = Math.floor(mergeLimits([]).memoryBytes / WASM_PAGE);
const taken: GuestMemory[] = [];
const take = (): WebAssembly.Memory => {
  const one = takeMemory(pages, maximum);
  taken.push(one);
  return one.memory;
};
/** Has the next guest run in this memory and no other: whatever was kept is out. */
const offerOne = (): WebAssembly.Memory => {
  for (let count = 0; count < 4; count++) take();
  const [one] = taken.splice(0);
  one?.giveBack();
  return one?.memory ?? new WebAssembly.Memory({ initial: 0 });
};
const isZero = ({ buffer }: WebAssembly.Memory): boolean =>
  new BigUint64Array(buffer).every((word) => word === 0n);
afterEach(() => {
  taken.length = 0;
});

const deterministic = { spec: { deterministic: { seed: 7, now: 1_700_000_000_000 } } };

test('a guest that fills its memory leaves nothing of it to the next, and nothing of its own start', async () => {
  const offered = offerOne();
  const { result } = await runJs(`
    globalThis.canary = [];
    for (let n = 0; n < 300; n++) canary.push('CANARY'.repeat(100) + n);
    const held = new Uint8Array(100_000).fill(0xca);
    setTimeout(() => canary.push(held), 0);
    new Promise(() => {}).then(() => canary);
    function deep(n) { return n === 0 ? canary.length : deep(n - 1); }
    deep(20)
  `);
  expect(result.kind).toBe('value');
  expect(take()).toBe(offered); // it ran there
  expect(isZero(offered)).toBe(true);
});

test('an error that nobody caught leaves nothing either', async () => {
  const offered = offerOne();
  expect((await runJs(`throw new Error('CANARY'.repeat(1000))`)).result.kind).toBe('threw');
  expect(take()).toBe(offered);
  expect(isZero(offered)).toBe(true);
});

test('a program does and burns the same in a memory that has served as in a new one', async () => {
  const program = `[JSON.stringify(Object.keys(globalThis).sort()), 'x'.repeat(5000).length, [3, 1, 2].sort()].join()`;
  for (let count = 0; count < 4; count++) take(); // none is kept: the next one is new
  const fresh = await runJs(program, deterministic);
  const offered = offerOne();
  await runJs(`globalThis.left = 'x'.repeat(200_000); 1`);
  expect(takeMemory(pages, maximum).memory).toBe(offered);
  offerOne();
  await runJs(`globalThis.left = 'x'.repeat(200_000); 1`);
  const again = await runJs(program, deterministic);
  expect(again.result).toEqual(fresh.result);
});

test.each([
  ['grew', `globalThis.a = new Uint8Array(4_000_000).fill(1); 1`, {}],
  ['ran out of fuel', 'for (;;);', { limits: { fuel: 10_000_000 } }],
])('the memory of a guest that %s serves nobody', async (_, code, options) => {
  const offered = offerOne();
  await runJs(code, options);
  for (let count = 0; count < 4; count++) expect(take()).not.toBe(offered);
});
