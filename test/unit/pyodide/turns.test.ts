import { describe, expect, test } from 'vitest';
import { keepTurns } from '../../../runtime/engines/pyodide/turns.ts';

/** A host whose sleeps and turns come when the test says so. */
function harness() {
  const turns: (() => void)[] = [];
  const sleeps = new Map<number, () => void>();
  const rests: { readonly go: () => void; readonly until: Promise<unknown> }[] = [];
  const seen: string[] = [];
  const order = keepTurns((turn) => void turns.push(turn), {
    sleep: (ms) => new Promise((resolve) => void sleeps.set(ms, resolve)),
    monotonic: () => 0,
    rest: async (until) => {
      const gate = Promise.withResolvers<void>();
      rests.push({ go: gate.resolve, until });
      seen.push('rests');
      const value = await until;
      await gate.promise;
      return value;
    },
  });
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 10; round++) {
      for (const turn of turns.splice(0)) turn();
      await Promise.resolve();
    }
  };
  const note = (what: string) => (): void => void seen.push(what);
  return { order, sleeps, rests, seen, settle, note };
}

describe('keepTurns()', () => {
  test('timers come in the order in which they are due, whichever of the host comes first', async () => {
    const { order, sleeps, rests, seen, settle, note } = harness();
    order.timer(30, note('late'));
    order.timer(10, note('early'));
    order.timer(20, note('middle'));
    await settle();
    sleeps.get(30)?.();
    await settle();
    rests[0]?.go();
    await settle();
    for (const wake of sleeps.values()) wake();
    await settle();
    expect(seen).toEqual(['rests', 'early', 'middle', 'late']);
  });

  test('a guest rests only while nothing is planned, and nothing comes before the host lets it go on', async () => {
    const { order, sleeps, rests, seen, settle, note } = harness();
    order.timer(1000, note('timer'));
    let left = 3;
    const again = (): void => {
      seen.push(`turn ${left}`);
      left -= 1;
      if (left > 0) order.timer(0, again);
    };
    order.timer(0, again);
    await settle();
    expect(seen).toEqual(['turn 3', 'turn 2', 'turn 1', 'rests']);
    sleeps.get(1000)?.();
    await settle();
    expect(seen.at(-1)).toBe('rests');
    rests[0]?.go();
    await settle();
    expect(seen.at(-1)).toBe('timer');
  });

  test('answers come in the order in which the host has them, also beside turns without end', async () => {
    const { order, rests, seen, settle, note } = harness();
    const [first, second] = [order.call(), order.call()];
    await settle();
    second(note('second'));
    first(note('first'));
    await settle();
    rests[0]?.go();
    await settle();
    expect(seen).toEqual(['rests', 'second', 'first']);
    const third = order.call();
    let turns = 0;
    const spin = (): void => {
      turns += 1;
      if (turns < 50) order.timer(0, spin);
    };
    order.timer(0, spin);
    third(() => void seen.push(`third after ${turns}`));
    await settle();
    expect(seen.filter((what) => what.startsWith('third'))).toEqual(['third after 1']);
  });

  test('after the end it does not rest', async () => {
    const { order, rests, settle, note } = harness();
    order.timer(0, () => order.end());
    order.timer(50, note('never'));
    await settle();
    expect(rests).toEqual([]);
  });
});
