import { afterEach, expect, test } from 'vitest';
import wabt from 'wabt';
import { writeImage } from '../../runtime/engines/quickjs/image.ts';
import { layoutOf } from '../../runtime/engines/quickjs/layout.ts';
import type { Machine } from '../../runtime/engines/quickjs/machine.ts';
import { type LentMachine, takeMachine } from '../../runtime/engines/quickjs/machine-pool.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { loadQuickjs, runJs, SILENT_HOST } from '../support/quickjs-for-tests.ts';

const { module, bytes } = await loadQuickjs();
const layout = layoutOf(module);
const { memoryBytes } = mergeLimits([]);
const taken: LentMachine[] = [];
const takeOne = (library = false): LentMachine => {
  const meter = createMeter({ fuel: 1_000_000_000 });
  const one = takeMachine({ module, library, memoryBytes, suspends: false, host: SILENT_HOST, meter });
  meter.release();
  taken.push(one);
  return one;
};
const take = (library = false): Machine => takeOne(library).machine;
/** Has the next guest run in this instance and no other: whatever was kept is out. */
const offerOne = (library = false): Machine => {
  for (let count = 0; count < 4; count++) take(library);
  const [one] = taken.splice(0);
  if (one === undefined) throw new Error('none was taken');
  one.giveBack();
  return one.machine;
};
/** As every guest of such an instance finds it, made anew. */
const asBuilt = (machine: Machine, library = false): Uint8Array => {
  const bytes = new Uint8Array(machine.memoryBytes());
  writeImage(module, bytes, library);
  return bytes;
};
const differences = (machine: Machine, library = false): number => {
  const built = asBuilt(machine, library);
  return machine.memory().reduce((sum, byte, at) => sum + (byte === built[at] ? 0 : 1), 0);
};
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
  expect(differences(offered)).toBe(0);
  expect(offered.exports.stackPointer.value).toBe(layout.stackTop);
});

test('an error that nobody caught leaves nothing either', async () => {
  const offered = offerOne();
  expect((await runJs(`throw new Error('CANARY'.repeat(1000))`)).result.kind).toBe('threw');
  expect(take()).toBe(offered);
  expect(differences(offered)).toBe(0);
});

test('a program does and burns the same in an instance that has served as in a new one', async () => {
  const program = `[JSON.stringify(Object.keys(globalThis).sort()), 'x'.repeat(5000).length, [3, 1, 2].sort()].join()`;
  for (let count = 0; count < 4; count++) take(); // none is kept: the next one is new
  const fresh = await runJs(program, deterministic);
  const offered = offerOne();
  await runJs(`globalThis.left = 'x'.repeat(200_000); 1`);
  expect(take()).toBe(offered);
  offerOne();
  await runJs(`globalThis.left = 'x'.repeat(200_000); 1`);
  const again = await runJs(program, deterministic);
  expect(again.result).toEqual(fresh.result);
});

test.each([
  ['grew', `globalThis.a = new Uint8Array(4_000_000).fill(1); 1`, {}],
  ['ran out of fuel', 'for (;;);', { limits: { fuel: 10_000_000 } }],
])('the instance of a guest that %s serves nobody', async (_, code, options) => {
  const offered = offerOne();
  await runJs(code, options);
  for (let count = 0; count < 4; count++) expect(take()).not.toBe(offered);
});

test('an instance with the library is put back with it, and serves no guest without', async () => {
  const offered = offerOne(true);
  expect((await runJs(`globalThis.Buffer.prototype.canary = 'CANARY'; process.version`)).result.kind).toBe(
    'value',
  );
  expect(take(true)).toBe(offered);
  expect(differences(offered, true)).toBe(0);
  offerOne(true);
  expect(take(false)).not.toBe(offered);
});

test('an instance that was left in the middle of a call serves nobody', () => {
  const one = takeOne();
  const { machine } = one;
  machine.exports.stackPointer.value = layout.stackTop - 16;
  one.giveBack();
  for (let count = 0; count < 4; count++) expect(take()).not.toBe(machine);
});

test('nothing of an instance changes but its memory, its globals and the slots of its meter', async () => {
  // What else the binary could change would have to be put back too: tables that it writes, segments that it drops, more globals.
  const exported = WebAssembly.Module.exports(module).flatMap(({ kind }) =>
    kind === 'function' ? [] : [kind],
  );
  expect(exported.sort()).toEqual(['global', 'global', 'global', 'table']);
  const { readWasm } = await wabt();
  const text = readWasm(bytes, { readDebugNames: false }).toText({});
  const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
  expect({
    globals: count(/^\s+\(global /gm),
    tables: count(/^\s+\(table /gm),
    memories: count(/\(memory /g),
    segments: count(/^\s+\((?:data|elem declare) /gm),
    changes: count(/\b(?:table\.(?:set|grow|fill|copy|init)|elem\.drop|memory\.init|data\.drop)\b/g),
  }).toEqual({ globals: 3, tables: 2, memories: 1, segments: 0, changes: 0 });
});
