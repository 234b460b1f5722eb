import { describe, expect, test } from 'vitest';
import { runJs } from '../../support/quickjs-for-tests.ts';
import { verifies } from '../../support/verifies.ts';

describe('require() of an ES module', verifies('XT-05'), () => {
  const modules = {
    './a.mjs': 'export default 1; export const x = 2; globalThis.times = (globalThis.times ?? 0) + 1;',
    './b.js': "import { x } from './a.mjs'; export const y = x + 1;",
    './waits.mjs': 'await 1; export const z = 1;',
    './throws.mjs': "throw new Error('inside'); export {};",
    './whole.mjs': "const f = () => 'whole'; export { f as 'module.exports' };",
  };
  test('gives its namespace, made once, with __esModule where it has a default', async () => {
    const { result } = await runJs(
      `const a = require('./a.mjs'); ({ a: { ...a }, y: require('./b.js').y, same: require('./a.mjs') === a, times, whole: require('./whole.mjs')() })`,
      { source: { modules } },
    );
    expect(result).toMatchObject({
      value: { a: { __esModule: true, default: 1, x: 2 }, y: 3, same: true, times: 1, whole: 'whole' },
    });
  });

  test('refuses one that waits at its top level, and hands on what one throws', async () => {
    const { result } = await runJs(
      `const told = []; for (const name of ['./waits.mjs', './throws.mjs']) try { require(name); } catch (error) { told.push(error.code ?? error.message); } told`,
      { source: { modules } },
    );
    expect(result).toMatchObject({ value: ['ERR_REQUIRE_ASYNC_MODULE', 'inside'] });
  });
});
