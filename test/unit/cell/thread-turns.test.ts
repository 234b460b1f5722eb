import { describe, expect, test } from 'vitest';
import { createThreadTurns, nextTurn } from '../../../runtime/cell/thread-turns.ts';

function manual() {
  let now = 0;
  const scheduled: (() => void)[] = [];
  const turns = createThreadTurns(
    () => now,
    (callback) => scheduled.push(callback),
  );
  const turn = async (most = 1): Promise<void> => {
    expect(scheduled.length).toBeLessThanOrEqual(most);
    for (const one of scheduled.splice(0)) one();
    for (let round = 0; round < 5; round++) await Promise.resolve();
  };
  return {
    turns,
    turn,
    scheduled,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('createThreadTurns()', () => {
  test('a turn is due after 4 ms of the clock, counted from the last one', async () => {
    const { turns, turn, pass } = manual();
    const guest = turns.forGuest();
    expect(guest.due()).toBe(false);
    pass(3.9);
    expect(guest.due()).toBe(false);
    pass(0.1);
    expect(guest.due()).toBe(true);
    expect(guest.due()).toBe(false);
    const taken = guest.take();
    pass(100);
    await turn();
    await taken;
    expect(guest.due()).toBe(false);
  });

  test('and after 16 slices where the clock stands still', () => {
    const guest = manual().turns.forGuest();
    const answers = Array.from({ length: 32 }, () => guest.due());
    expect(answers.flatMap((due, index) => (due ? [index] : []))).toEqual([15, 31]);
  });

  test('one guest goes on in a turn of the event loop, in the order of their pauses', async () => {
    const { turns, turn, scheduled } = manual();
    const order: string[] = [];
    const takes = async (name: string, times: number): Promise<void> => {
      const guest = turns.forGuest();
      for (let count = 0; count < times; count++) {
        await guest.take();
        order.push(name);
      }
    };
    const all = Promise.all([takes('a', 2), takes('b', 1), takes('c', 2)]);
    for (let count = 1; count <= 5; count++) {
      await turn();
      expect(order).toHaveLength(count);
    }
    await all;
    expect(order).toEqual(['a', 'b', 'c', 'a', 'c']);
    expect(scheduled).toEqual([]);
  });
});

describe('start()', () => {
  test('is at once while the turn of the event loop has room, and one a turn from then on', async () => {
    const { turns, turn, pass } = manual();
    const order: string[] = [];
    const starts = async (name: string): Promise<void> => {
      await turns.forGuest().start();
      order.push(name);
      pass(2);
    };
    await starts('a');
    await starts('b');
    const all = Promise.all([starts('c'), starts('d')]);
    await Promise.resolve();
    expect(order).toEqual(['a', 'b']);
    await turn(2);
    expect(order).toEqual(['a', 'b', 'c']);
    await turn();
    await all;
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  test('16 start in a turn where the clock stands still', () => {
    const { turns } = manual();
    const waits = Array.from({ length: 18 }, () => turns.forGuest().start() !== undefined);
    expect(waits.indexOf(true)).toBe(16);
    expect(waits[17]).toBe(true);
  });

  test('one that is woken starts', async () => {
    const { turns, pass } = manual();
    turns.forGuest().start();
    pass(5);
    const guest = turns.forGuest();
    const started = guest.start();
    expect(started).toBeDefined();
    guest.wake();
    await started;
  });
});

describe('wake()', () => {
  test('lets a paused guest go on before those that paused earlier, and does nothing to one that runs', async () => {
    const { turns, turn, scheduled } = manual();
    const [first, second] = [turns.forGuest(), turns.forGuest()];
    const order: string[] = [];
    const both = Promise.all([
      first.take().then(() => order.push('first')),
      second.take().then(() => order.push('second')),
    ]);
    second.wake();
    second.wake();
    await Promise.resolve();
    expect(order).toEqual(['second']);
    await turn();
    await both;
    expect(order).toEqual(['second', 'first']);
    first.wake();
    expect(scheduled).toEqual([]);
  });

  test('leaves nothing behind that keeps others waiting', async () => {
    const { turns, turn } = manual();
    const only = turns.forGuest();
    const taken = only.take();
    only.wake();
    await taken;
    const again = only.take();
    await turn();
    await again;
  });
});

describe('nextTurn()', () => {
  test('lets timers that are due run first', async () => {
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 0);
    while (!fired) await new Promise<void>((resolve) => nextTurn(resolve));
    expect(fired).toBe(true);
  });
});
