import { expect, test } from 'vitest';
import { madeOnce } from '../../../runtime/vocabulary/made-once.ts';

test('what was made is kept, also for those who ask while it is made', async () => {
  let made = 0;
  const get = madeOnce(async () => {
    made += 1;
    return { made };
  });
  const [first, second] = await Promise.all([get(), get()]);
  expect([first === second, await get()]).toEqual([true, { made: 1 }]);
});

test('after a failure whoever asks next tries again', async () => {
  let tries = 0;
  const get = madeOnce(async () => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
    return tries;
  });
  await expect(get()).rejects.toThrow('not yet');
  expect([await get(), await get()]).toEqual([2, 2]);
});
