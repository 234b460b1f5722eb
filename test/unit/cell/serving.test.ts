import { expect, test } from 'vitest';
import { createServing, piecesOf } from '../../../runtime/cell/serving.ts';

/** A clock that work moves on, and turns of an event loop by hand. */
function handDriven() {
  let now = 0;
  const turns: (() => void)[] = [];
  const done: string[] = [];
  const serving = createServing(
    () => now,
    (callback) => turns.push(callback),
  );
  const work = (name: string, ms: number) => (): void => {
    now += ms;
    done.push(name);
  };
  const turn = (): readonly string[] => {
    done.length = 0;
    turns.shift()?.();
    return [...done];
  };
  return { serving, work, turn, done, turns };
}

test('createServing() does work at once while the turn has time, the rest in later turns in its order', () => {
  const { serving, work, turn, done, turns } = handDriven();
  const desk = serving.open();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) desk.serve(work(name, 2));
  expect(done).toEqual(['a', 'b']);
  expect(desk.waiting).toBe(4);
  expect(turn()).toEqual(['c', 'd']);
  expect(turn()).toEqual(['e', 'f']);
  expect(turns).toEqual([]);
});

test('who has had least is served first', () => {
  const { serving, work, turn } = handDriven();
  const [flood, other] = [serving.open(), serving.open()];
  for (let count = 0; count < 8; count++) flood.serve(work(`flood ${count}`, 5));
  other.serve(work('other', 1));
  expect(turn()).toEqual(['other', 'flood 1']);
  expect(turn()).toEqual(['flood 2']);
});

test('one that was idle does not make up for it', () => {
  const { serving, work, turn } = handDriven();
  const [late, busy] = [serving.open(), serving.open()];
  for (let count = 0; count < 4; count++) busy.serve(work('busy', 4));
  turn();
  for (let count = 0; count < 3; count++) late.serve(work('late', 4));
  const order = [turn(), turn(), turn()].flat();
  expect(order).toContain('busy');
});

test('what waits at a closed desk is not done', () => {
  const { serving, work, turn } = handDriven();
  const desk = serving.open();
  desk.serve(work('first', 4));
  desk.serve(work('dropped', 1));
  desk.close();
  desk.serve(work('late', 1));
  expect(turn()).toEqual([]);
});

test('work that throws holds nobody else up', () => {
  const { serving, work, turn } = handDriven();
  const desk = serving.open();
  desk.serve(work('first', 4));
  desk.serve(() => {
    throw new Error('a bug');
  });
  desk.serve(work('next', 1));
  expect(turn).toThrow('a bug');
  expect(turn()).toEqual(['next']);
});

test('piecesOf() does each piece in its turn, tells what it answers or throws, and goes on once the desk is free', async () => {
  const { serving, work, turn, done } = handDriven();
  const desk = serving.open();
  const inTurn = piecesOf(desk);
  desk.serve(work('call', 4));
  const answers = Promise.allSettled([
    inTurn(() => {
      work('piece', 4)();
      return 1;
    }),
    inTurn(() => {
      throw new Error('a fault');
    }),
  ]);
  expect(done).toEqual(['call']);
  expect(turn()).toEqual(['piece']);
  turn();
  expect(await answers).toEqual([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: new Error('a fault') },
  ]);
});
