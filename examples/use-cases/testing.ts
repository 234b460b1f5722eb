// Code that a model wrote is held to tests before anybody uses it: each try is a run of its own, with a budget.
import { createRuntime } from 'sandglass';

const TESTS = `import assert from 'node:assert/strict';
import { median } from './median.js';

export const results = [];
const check = (name, act) => {
  try { act(); results.push([name, 'ok']); } catch (error) { results.push([name, error.message.split('\\n')[0]]); }
};
check('one', () => assert.equal(median([3]), 3));
check('odd', () => assert.equal(median([3, 1, 2]), 2));
check('even', () => assert.equal(median([4, 1, 3, 2]), 2.5));
check('not changed', () => { const given = [2, 1]; median(given); assert.deepEqual(given, [2, 1]); });
check('numbers, not words', () => assert.equal(median([10, 9, 1]), 9));
export default results;`;

const TRIES = {
  'first try': 'export const median = (n) => n.sort()[Math.floor(n.length / 2)];',
  'second try': 'export const median = (n) => { for (let i = 0; i < 1; ) n = [...n]; return n[0] };',
  'third try': `export function median(numbers) {
    const sorted = [...numbers].sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }`,
};

await using runtime = createRuntime();
for (const [name, source] of Object.entries(TRIES)) {
  const outcome = await runtime.run({
    language: 'javascript',
    code: TESTS,
    modules: { './median.js': source },
    limits: { fuel: 50_000_000 },
  });
  if (!outcome.ok) console.log(`${name}: ${outcome.error.code}`);
  else {
    const results = outcome.value as [string, string][];
    const failed = results.filter(([, result]) => result !== 'ok');
    const named = failed.length === 0 ? '' : `, failed: ${failed.map(([one]) => one).join(', ')}`;
    console.log(`${name}: ${results.length - failed.length} of ${results.length}${named}`);
  }
}
