import { describe, expect, test, vi } from 'vitest';
import { createIdleMemory } from '../../../runtime/cell/idle-memory.ts';
import { createPool, type PoolOptions } from '../../../runtime/cell/pool.ts';
import type { Engine } from '../../../runtime/contracts/engine.ts';
import { exposed, fakePool, other, request, result, settled } from '../../support/fake-pool.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';
import { verifies } from '../../support/verifies.ts';

verifies('SC-08');

describe('createPool()', () => {
  test('never has more than maxCells alive and serves waiting runs in order', async () => {
    const { pool, cells } = fakePool();
    const order: number[] = [];
    const runs = [0, 1, 2, 3].map((index) => pool.run(request(scriptedEngine)).then(() => order.push(index)));
    await settled();
    expect(cells).toHaveLength(2);
    expect(pool.cells()).toEqual([
      { engine: 'scripted', state: 'busy' },
      { engine: 'scripted', state: 'busy' },
    ]);
    for (let round = 0; round < 2; round++) {
      for (const cell of cells) cell.finish();
      await settled();
    }
    await Promise.all(runs);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(cells).toHaveLength(2);
    await pool.close();
    expect(cells.map((cell) => cell.ended)).toEqual([true, true]);
  });

  test('a run that is nested does not wait for the cells of those that wait for it; others do not get its cell', async () => {
    const { pool, cells } = fakePool({ maxCells: 1, maxReuse: 10 });
    const signal = new AbortController().signal;
    const order: string[] = [];
    const begin = (name: string, depth: number): Promise<unknown> =>
      pool.run(request(scriptedEngine, signal, undefined, depth)).then(() => order.push(name));
    const finish = async (index: number): Promise<void> => {
      cells[index]?.finish();
      await settled();
    };
    const outer = begin('outer', 0);
    await settled();
    const beside = begin('beside', 0);
    const nested = begin('nested', 1);
    const second = begin('second', 1);
    await settled();
    expect(cells.map(({ runs }) => runs)).toEqual([1, 1]);
    const deeper = begin('deeper', 2);
    await settled();
    expect(cells.map(({ runs }) => runs)).toEqual([1, 1, 1]);
    await finish(2);
    await deeper;
    // One of the two cells that are free now serves the second of its depth, and not the run beside the outer one.
    await finish(1);
    await nested;
    await settled();
    expect(order).toEqual(['deeper', 'nested']);
    expect(cells.filter(({ ended }) => !ended)).toHaveLength(2);
    await finish(cells.findIndex(({ ended, runs }, index) => !ended && index > 0 && runs === 2));
    await second;
    expect(cells).toHaveLength(3);
    await finish(0);
    await outer;
    await settled();
    expect(pool.cells()).toEqual([{ engine: 'scripted', state: 'busy' }]);
    await finish(cells.findIndex(({ ended }) => !ended));
    await beside;
    expect(order).toEqual(['deeper', 'nested', 'second', 'outer', 'beside']);
    await pool.close();
  });

  test('replaces a cell after maxReuse runs', async () => {
    const { pool, cells } = fakePool({ maxReuse: 2 });
    for (let run = 0; run < 4; run++) {
      const running = pool.run(request(scriptedEngine));
      await settled();
      cells.at(-1)?.finish();
      await running;
    }
    expect(cells.map((cell) => cell.runs)).toEqual([2, 2]);
    expect(cells.map((cell) => cell.ended)).toEqual([true, true]);
    await pool.close();
  });

  test('never reuses a cell whose realm the guest could touch', async () => {
    const { pool, cells } = fakePool();
    for (let run = 0; run < 3; run++) {
      const running = pool.run(request(exposed));
      await settled();
      cells.at(-1)?.finish();
      await running;
    }
    expect(cells.map((cell) => [cell.runs, cell.ended])).toEqual([
      [1, true],
      [1, true],
      [1, true],
    ]);
    await pool.close();
  });

  test('gives up an idle cell of another engine when there is no room', async () => {
    const { pool, cells } = fakePool({ maxCells: 1, warm: 1 });
    const first = pool.run(request(scriptedEngine));
    await settled();
    cells[0]?.finish();
    await first;
    const second = pool.run(request(other));
    await settled();
    expect(cells.map(({ name, ended }) => [name, ended])).toEqual([
      ['scripted-0', true],
      ['other-1', false],
    ]);
    cells[1]?.finish();
    await second;
    await pool.close();
  });

  test('warms a spare for an engine in use, and the next run finds it', async () => {
    const { pool, cells } = fakePool({ warm: 1, maxCells: 4 });
    const first = pool.run(request(exposed));
    await settled();
    cells[0]?.finish();
    expect((await first).coldStart).toBe(true);
    await settled();
    expect(pool.cells()).toEqual([{ engine: 'exposed', state: 'idle' }]);
    const second = pool.run(request(exposed));
    await settled();
    cells[1]?.finish();
    expect((await second).coldStart).toBe(false);
    await pool.close();
    expect(cells.every((cell) => cell.ended)).toBe(true);
  });

  test('starts the next cell beside a long run of one that serves once, but only after a short one has its answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { pool, cells } = fakePool({ warm: 1, maxCells: 4 });
      const states = (): readonly string[] => pool.cells().map(({ state }) => state);
      const long = pool.run(request(exposed));
      await settled();
      expect(states()).toEqual(['busy']);
      vi.advanceTimersByTime(25);
      await settled();
      expect(states()).toEqual(['busy', 'idle']);
      cells[0]?.finish();
      await long;
      await settled();
      expect(states()).toEqual(['idle']);
      const short = pool.run(request(exposed));
      await settled();
      cells[1]?.finish();
      await short;
      expect(states()).toEqual([]);
      await settled();
      expect(states()).toEqual(['idle']);
      expect(cells).toHaveLength(3);
      await pool.close();
    } finally {
      vi.useRealTimers();
    }
  });

  test('a run takes the spare that is still starting, and has others warmed beside it', async () => {
    const later = Promise.withResolvers<void>();
    const { pool, cells } = fakePool({ warm: 1, maxCells: 4 }, (index) =>
      index === 1 ? later.promise : Promise.resolve(),
    );
    const first = pool.run(request(exposed));
    await settled();
    cells[0]?.finish();
    await first;
    await settled();
    expect(cells).toHaveLength(2);
    const second = pool.run(request(exposed));
    await settled();
    expect(cells.map(({ runs }) => runs)).toEqual([1, 0, 0, 0]);
    later.resolve();
    await settled();
    expect(cells.slice(0, 2).map(({ runs }) => runs)).toEqual([1, 1]);
    cells[1]?.finish();
    expect((await second).coldStart).toBe(true);
    await pool.close();
    expect(cells.every((cell) => cell.ended)).toBe(true);
  });

  test('a run that comes with the answer of the last one starts its cell, and has others warmed beside it', async () => {
    const later = Promise.withResolvers<void>();
    const { pool, cells } = fakePool({ warm: 1, maxCells: 4 }, (index) =>
      index === 1 ? later.promise : Promise.resolve(),
    );
    const first = pool.run(request(exposed));
    await settled();
    cells[0]?.finish();
    await first;
    const second = pool.run(request(exposed));
    await settled();
    expect(cells.map(({ runs }) => runs)).toEqual([1, 0, 0, 0]);
    later.resolve();
    await settled();
    cells[1]?.finish();
    await second;
    await settled();
    expect(cells[1]?.runs).toBe(1);
    expect(pool.cells().every(({ state }) => state === 'idle')).toBe(true);
    expect(pool.cells().length).toBeGreaterThan(0);
    await pool.close();
  });

  test('keeps more spares where runs find none, and lets them go when they have nothing to do', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { pool, cells } = fakePool({ warm: 1, maxCells: 8, idleMs: 1_000 });
      const first = pool.run(request(exposed));
      await settled();
      const more = [0, 1, 2].map(() => pool.run(request(exposed)));
      await settled();
      for (const cell of cells) cell.finish();
      await Promise.all([first, ...more]);
      await settled();
      const idle = pool.cells().length;
      expect(idle).toBeGreaterThan(1);
      expect(idle).toBeLessThanOrEqual(4);
      expect(pool.cells().every(({ state }) => state === 'idle')).toBe(true);
      vi.advanceTimersByTime(1_000);
      await settled();
      expect(pool.cells()).toHaveLength(1);
      await pool.close();
    } finally {
      vi.useRealTimers();
    }
  });

  test('keeps no spares where none are wanted, however many runs find none', async () => {
    const { pool, cells } = fakePool({ warm: 0, maxCells: 8 });
    for (let turn = 0; turn < 3; turn++) {
      const running = pool.run(request(exposed));
      await settled();
      cells.at(-1)?.finish();
      await running;
    }
    expect(cells).toHaveLength(3);
    expect(pool.cells()).toEqual([]);
    await pool.close();
  });

  test('a spare that cannot start takes no room, and the next run tells why', async () => {
    const { pool, cells } = fakePool({ warm: 1, maxCells: 2 }, (index) =>
      index === 0 ? Promise.resolve() : Promise.reject(new Error('no start')),
    );
    const first = pool.run(request(exposed));
    await settled();
    cells[0]?.finish();
    await first;
    await settled();
    expect(cells).toHaveLength(2);
    expect(pool.cells()).toEqual([]);
    await expect(pool.run(request(exposed))).rejects.toThrow('no start');
    expect(pool.cells()).toEqual([]);
    await pool.close();
    expect(cells.every((cell) => cell.ended)).toBe(true);
  });

  test('a run that is cancelled while it waits never starts', async () => {
    const { pool, cells } = fakePool({ maxCells: 1 });
    const first = pool.run(request(scriptedEngine));
    await settled();
    const controller = new AbortController();
    const second = pool.run(request(scriptedEngine, controller.signal));
    await settled();
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    cells[0]?.finish();
    await first;
    expect(cells.map((cell) => cell.runs)).toEqual([1]);
    await pool.close();
  });

  test('close() refuses runs that still wait', async () => {
    const { pool, cells } = fakePool({ maxCells: 1 });
    const first = pool.run(request(scriptedEngine));
    const second = pool.run(request(scriptedEngine));
    await settled();
    const closing = pool.close();
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    cells[0]?.finish();
    await first;
    await closing;
    expect(pool.cells()).toEqual([]);
  });

  test('a held cell serves its holder alone, and is ended when it is closed, sealed or not', async () => {
    const { pool, cells } = fakePool();
    const kept: unknown[] = [];
    const held = await pool.hold(scriptedEngine, new AbortController().signal);
    const [cell] = cells;
    if (cell === undefined) throw new Error('no cell');
    const plain = cell.run;
    cell.run = (asked, cold) => {
      kept.push([asked.kept, cold]);
      return plain(asked, cold);
    };
    for (let run = 0; run < 5; run++) {
      const running = held.run(request(scriptedEngine));
      await settled();
      cell.finish();
      await running;
    }
    expect(kept).toEqual([[true, true], ...Array.from({ length: 4 }, () => [true, false])]);
    const other = pool.run(request(scriptedEngine));
    await settled();
    expect(cells).toHaveLength(2);
    const waiting = pool.run(request(scriptedEngine));
    await settled();
    expect(cells).toHaveLength(2);
    await held.close();
    await held.close();
    expect(cell.ended).toBe(true);
    await settled();
    expect(cells).toHaveLength(3); // the one that waited has the room, not the cell
    for (const one of cells) one.finish();
    await Promise.all([other, waiting]);
    await pool.close();
  });

  test('a cell that does not start is not held, and its room goes to who waits', async () => {
    const failing = Promise.withResolvers<void>();
    const ended: number[] = [];
    let started = 0;
    const pool = createPool({
      kind: 'worker',
      maxCells: 1,
      maxWaiting: 0,
      waitingBytes: 0,
      warm: 0,
      maxReuse: 3,
      singleUse: false,
      idleMemory: createIdleMemory(Number.MAX_SAFE_INTEGER),
      spawn: async () => {
        started += 1;
        const number = started;
        return {
          ready: number === 1 ? failing.promise : Promise.resolve(),
          sound: true,
          memoryBytes: 10,
          run: async () => ({ end: result, cpuMs: null, coldStart: false }),
          end: async () => void ended.push(number),
          hold: () => undefined,
          guests: 0,
          resting: false,
          guestBytes: 0,
          heldBytes: 0,
          blocked: false,
          watch: () => undefined,
        };
      },
    });
    const holding = pool.hold(scriptedEngine, new AbortController().signal);
    await settled();
    const waiting = pool.run(request(scriptedEngine));
    failing.reject(new Error('no start'));
    await expect(holding).rejects.toThrow('no start');
    await waiting;
    expect(ended).toEqual([1]);
    await pool.close();
  });

  test('idle cells hold no more than they may: one that would is ended, and none is warmed for it', async () => {
    const idleMemory = createIdleMemory(25);
    const { pool, cells } = fakePool({ idleMemory, maxCells: 8, warm: 3 });
    const run = pool.run(request(exposed));
    await settled();
    for (const cell of cells) cell.finish();
    await run;
    await settled();
    await settled();
    const alive = () => cells.filter((cell) => !cell.ended);
    expect(pool.cells()).toEqual([
      { engine: 'exposed', state: 'idle' },
      { engine: 'exposed', state: 'idle' },
    ]);
    expect(alive()).toHaveLength(2);
    expect(cells).toHaveLength(3); // that of the run, and two
    const next = pool.run(request(exposed));
    await settled();
    for (const cell of alive()) cell.finish();
    expect((await next).coldStart).toBe(false); // its cell is no longer idle, so there is room for another
    await settled();
    await settled();
    expect(alive()).toHaveLength(2);
    await pool.close();
    expect(idleMemory.fits(25)).toBe(true);
  });

  test('pools share what their idle cells may hold; with nothing allowed none is kept', async () => {
    const idleMemory = createIdleMemory(15);
    const [one, two] = [fakePool({ idleMemory }), fakePool({ idleMemory })];
    const none = fakePool({ idleMemory: createIdleMemory(0) });
    for (const { pool, cells } of [one, two, none]) {
      const run = pool.run(request(scriptedEngine));
      await settled();
      for (const cell of cells) cell.finish();
      await run;
      await settled();
    }
    expect([one, two, none].map(({ cells }) => cells.map(({ ended }) => ended))).toEqual([
      [false],
      [true],
      [true],
    ]);
    for (const { pool } of [one, two, none]) await pool.close();
  });
});

describe('a cell whose thread does not end', () => {
  /** A pool of one cell, whose run has ended broken off; its thread goes on. */
  async function stuckPool(overrides: Partial<PoolOptions> = {}) {
    const thread = Promise.withResolvers<void>();
    const { pool, cells } = fakePool({ maxCells: 1, ...overrides });
    const first = pool.run(request(scriptedEngine));
    await settled();
    const [cell] = cells;
    if (cell === undefined) throw new Error('no cell');
    Object.assign(cell, { sound: false, gone: thread.promise });
    cell.finish();
    await first;
    return { pool, cells, thread };
  }

  test('counts against maxCells until it is gone', async () => {
    const { pool, cells, thread } = await stuckPool();
    const second = pool.run(request(scriptedEngine));
    await settled();
    await settled();
    expect(cells).toHaveLength(1);
    thread.resolve();
    await settled();
    await settled();
    expect(cells).toHaveLength(2);
    cells[1]?.finish();
    await second;
    await pool.close();
  });

  test('a run that waits for its room can be cancelled', async () => {
    const { pool, cells, thread } = await stuckPool();
    const cancel = new AbortController();
    const second = pool.run(request(scriptedEngine, cancel.signal));
    cancel.abort();
    await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(cells).toHaveLength(1);
    thread.resolve();
    await pool.close();
  });

  test('close() does not wait for it for ever', async () => {
    const { pool } = await stuckPool({ endMs: 1 });
    await pool.close();
  });
});

test('a run that waits takes the cell that makes itself ready for the next one, which then holds the process', async () => {
  const renewing: Engine = { ...scriptedEngine, name: 'renewing', renews: true };
  const { pool, cells } = fakePool({ maxCells: 1 });
  const runs = [pool.run(request(renewing)), pool.run(request(renewing))];
  await settled();
  const ready = Promise.withResolvers<void>();
  Object.assign(cells[0] ?? {}, { ready: ready.promise });
  cells[0]?.finish();
  await runs[0];
  await settled();
  expect(pool.cells()).toEqual([{ engine: 'renewing', state: 'busy' }]);
  ready.resolve();
  await settled();
  cells[0]?.finish();
  await Promise.all(runs);
  expect(cells.map((cell) => cell.runs)).toEqual([2]);
  await pool.close();
});
