import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../runtime/contracts/engine.ts';
import { exposed, fakePool, other, request, settled } from '../../support/fake-pool.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

const sharing: Engine = { ...scriptedEngine, name: 'sharing', sharesThread: true };
const never = new AbortController().signal;

describe('a guest that waits', () => {
  test('leaves its place: as many cells run as may, and others are alive beside them up to maxWaiting', async () => {
    const { pool, cells } = fakePool({ maxCells: 2, maxWaiting: 3 });
    const runs = Array.from({ length: 7 }, () => pool.run(request(exposed)));
    await settled();
    expect(cells).toHaveLength(2);
    for (const count of [3, 4, 5, 5]) {
      cells.find(({ resting }) => !resting)?.rest();
      await settled();
      expect(cells).toHaveLength(count);
    }
    for (let round = 0; round < 4; round++) {
      for (const cell of cells) cell.finish();
      await settled();
    }
    await Promise.all(runs);
    await pool.close();
  });

  test('leaves cells that are kept: those that were started beside it serve the next runs, and make room for another engine', async () => {
    const { pool, cells } = fakePool({ maxCells: 2, maxWaiting: 3, maxReuse: 100 });
    const round = async (engines: readonly Engine[]): Promise<void> => {
      const runs = engines.map((engine) => pool.run(request(engine)));
      await settled();
      for (const cell of cells.slice(0, 2)) cell.rest();
      await settled();
      for (const cell of cells.slice(0, 2)) cell.wake();
      for (let turn = 0; turn < engines.length; turn++) {
        for (const cell of cells) cell.finish();
        await settled();
      }
      await Promise.all(runs);
    };
    for (let turn = 0; turn < 5; turn++) await round(Array(8).fill(scriptedEngine));
    expect(cells).toHaveLength(4);
    expect(pool.cells().map(({ state }) => state)).toEqual(['idle', 'idle', 'idle', 'idle']);
    const running = pool.run(request(other));
    await settled();
    expect(pool.cells().map(({ engine, state }) => [engine, state])).toEqual([
      ['scripted', 'idle'],
      ['other', 'busy'],
    ]);
    cells.at(-1)?.finish();
    await running;
    await pool.close();
  });

  test('goes on while fewer than twice maxCells run, else before anybody is let in', async () => {
    const { pool, cells } = fakePool({ maxCells: 1, maxWaiting: 8 });
    const runs = Array.from({ length: 5 }, () => pool.run(request(exposed)));
    await settled();
    for (let round = 0; round < 3; round++) {
      cells.at(-1)?.rest();
      await settled();
    }
    expect(cells.map(({ resting }) => resting)).toEqual([true, true, true, false]);
    for (const cell of cells.slice(0, 3)) cell.wake();
    expect(cells.map(({ resting }) => resting)).toEqual([false, true, true, false]);
    cells[3]?.finish();
    await settled();
    expect(cells.map(({ resting }) => resting)).toEqual([false, false, true, false]);
    expect(cells).toHaveLength(4); // the fifth run still waits
    for (let round = 0; round < 4; round++) {
      for (const cell of cells) cell.finish();
      await settled();
    }
    await Promise.all(runs);
    await pool.close();
  });

  test('keeps its place where maxWaiting is 0, and where cells that rest hold too much', async () => {
    for (const options of [{ maxWaiting: 0 }, { maxWaiting: 4, waitingBytes: 10 }]) {
      const { pool, cells } = fakePool({ maxCells: 1, ...options });
      const runs = [pool.run(request(exposed)), pool.run(request(exposed))];
      await settled();
      cells[0]?.rest();
      await settled();
      expect(cells).toHaveLength(1);
      cells[0]?.finish();
      await settled();
      cells[1]?.finish();
      await Promise.all(runs);
      await pool.close();
    }
  });

  test('is joined by a program that was seen to wait, before another cell is started', async () => {
    const { pool, cells } = fakePool({ maxCells: 2, maxWaiting: 4 });
    const runs = [pool.run(request(sharing, never, 'waits'))];
    await settled();
    cells[0]?.rest();
    runs.push(pool.run(request(sharing, never, 'waits')));
    await settled();
    expect(cells.map(({ guests }) => guests)).toEqual([2]);
    runs.push(pool.run(request(sharing, never, 'waits'))); // nobody joins a cell in which one runs
    await settled();
    expect(cells.map(({ guests }) => guests)).toEqual([2, 1]);
    for (const cell of cells) cell.finish();
    await Promise.all(runs);
    expect(cells.map(({ ended }) => ended)).toEqual([false, false]);
    await pool.close();
  });

  test('is joined by any other where no cell may be started, and by none of another engine', async () => {
    const { pool, cells } = fakePool({ maxCells: 1, maxWaiting: 1 });
    const runs = [0, 1, 2].map((number) => pool.run(request(sharing, never, `program ${number}`)));
    await settled();
    cells[0]?.rest();
    await settled();
    expect(cells.map(({ guests }) => guests)).toEqual([2, 1]);
    runs.push(pool.run(request(exposed)));
    await settled();
    expect(cells.map(({ guests }) => guests)).toEqual([2, 1]);
    for (let round = 0; round < 3; round++) {
      for (const cell of cells) cell.finish();
      await settled();
    }
    await Promise.all(runs);
    await pool.close();
  });

  test('is joined by nobody in a cell that is held, and a cell that is held and idle leaves its place', async () => {
    const { pool, cells } = fakePool({ maxCells: 1, maxWaiting: 1 });
    const held = await pool.hold(sharing, never);
    const runs = [held.run(request(sharing, never, 'held'))];
    await settled();
    cells[0]?.finish();
    await Promise.all(runs.splice(0));
    runs.push(pool.run(request(sharing, never, 'held')));
    await settled();
    expect(cells.map(({ guests }) => guests)).toEqual([0, 1]);
    runs.push(held.run(request(sharing, never, 'held')));
    await settled();
    cells[0]?.rest();
    runs.push(pool.run(request(sharing, never, 'held')));
    await settled();
    expect(cells.map(({ guests }) => guests)).toEqual([1, 1]);
    for (let round = 0; round < 3; round++) {
      for (const cell of cells) cell.finish();
      await settled();
    }
    await Promise.all(runs);
    await held.close();
    await pool.close();
  });
});
