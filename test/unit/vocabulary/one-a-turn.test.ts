import { expect, test } from 'vitest';
import { oneATurn } from '../../../runtime/vocabulary/one-a-turn.ts';

/** One of each who came, and the number of the turn of the event loop in which it went on. */
async function turnsOf(count: number): Promise<{ readonly order: number[]; readonly turns: number[] }> {
  const turn = oneATurn();
  let loop = 0;
  let counting = true;
  const count1 = (): void => {
    loop += 1;
    if (counting) setImmediate(count1);
  };
  setImmediate(count1);
  const order: number[] = [];
  const turns: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, who) => {
      await turn();
      order.push(who);
      turns.push(loop);
    }),
  );
  counting = false;
  return { order, turns };
}

test('a crowd goes on in its order, one a turn, and whoever is first at once', async () => {
  const { order, turns } = await turnsOf(50);
  expect(order).toEqual(Array.from({ length: 50 }, (_, who) => who));
  expect(turns[0]).toBe(0);
  expect(new Set(turns).size).toBeGreaterThanOrEqual(49);
});

test('whoever comes once the crowd has gone does not wait', async () => {
  const turn = oneATurn();
  await Promise.all([turn(), turn(), turn()]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  let went = false;
  void turn().then(() => {
    went = true;
  });
  await Promise.resolve();
  expect(went).toBe(true);
});
