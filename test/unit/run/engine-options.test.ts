import { afterAll, expect, test } from 'vitest';
import { createRuntime, type RunOptions } from '../../../runtime/index.ts';
import { buildAdder } from '../../support/adder.ts';

const runtime = createRuntime({ level: 'minimal' });
afterAll(() => runtime.close());

const guests: readonly [string, () => Promise<RunOptions>][] = [
  ['JavaScript', async () => ({ language: 'javascript', code: '1' })],
  ['a component', async () => ({ module: await buildAdder(), invoke: 'add', args: [1, 2] })],
  ['a module', async () => ({ module: new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]), invoke: 'x' })],
];

test.each(guests)('an option that %s does not know is refused, not ignored', async (_, make) => {
  const outcome = await runtime.run({ ...(await make()), options: { restrict: ['all'] } });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
  expect(outcome.ok ? '' : outcome.error.message).toContain('unknown option "restrict"');
});

test('an option of the wrong form is refused', async () => {
  const outcome = await runtime.run({ language: 'javascript', code: '1', options: { imports: 'fs' } });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
});
