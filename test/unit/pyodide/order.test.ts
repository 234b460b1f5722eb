import { describe, expect, test } from 'vitest';
import { keepOrder } from '../../../runtime/engines/pyodide/order.ts';

describe('keepOrder()', () => {
  const open = () => {
    const turns: (() => void)[] = [];
    const sleeps: { readonly ms: number; readonly wake: () => void }[] = [];
    const seen: string[] = [];
    const order = keepOrder(
      (turn) => turns.push(turn),
      (ms) => new Promise((wake) => sleeps.push({ ms, wake })),
    );
    const runTurns = (): void => {
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) turn();
    };
    const see = (name: string) => () => void seen.push(name);
    return { order, sleeps, seen, runTurns, see };
  };

  test('answers come in the order of the calls, after what is due, each in a turn of its own', () => {
    const { order, seen, runTurns, see } = open();
    const [first, second] = [order.call(), order.call()];
    second(see('second'));
    runTurns();
    expect(seen).toEqual([]);
    order.timer(0, () => {
      see('due')();
      order.timer(0, see('due by it'));
    });
    first(() => {
      see('first')();
      order.timer(0, see('due by first'));
    });
    runTurns();
    expect(seen).toEqual(['due', 'due by it', 'first', 'due by first', 'second']);
  });

  test('timers wait for calls, and come by their time', async () => {
    const { order, sleeps, seen, runTurns, see } = open();
    order.timer(30, see('30'));
    order.timer(10, see('10'));
    const answer = order.call();
    runTurns();
    expect(sleeps).toEqual([]);
    answer(see('answer'));
    runTurns();
    expect(sleeps.map(({ ms }) => ms)).toEqual([10]);
    sleeps[0]?.wake();
    await Promise.resolve();
    runTurns();
    expect(sleeps.map(({ ms }) => ms)).toEqual([10, 20]);
    sleeps[1]?.wake();
    await Promise.resolve();
    runTurns();
    expect(seen).toEqual(['answer', '10', '30']);
  });
});
