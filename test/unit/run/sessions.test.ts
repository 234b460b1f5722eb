import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HeldCell } from '../../../runtime/contracts/cell.ts';
import { createSessions, type OpenSession, type SessionPlan } from '../../../runtime/run/session/sessions.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

const planOf = (name: string, more: Partial<SessionPlan> = {}): SessionPlan => ({
  name,
  language: 'scripted',
  engine: scriptedEngine,
  level: 'standard',
  limits: {},
  memoryBytes: 1,
  grant: undefined,
  options: {},
  idleMs: 5_000,
  ...more,
});

interface FakeCell extends HeldCell {
  closed: number;
}

function fakeCell(): FakeCell {
  const cell: FakeCell = {
    kind: 'worker',
    closed: 0,
    run: () => Promise.reject(new Error('no part of this fake')),
    close: async () => {
      cell.closed += 1;
    },
  };
  return cell;
}

const never = new AbortController().signal;
const reasonOf = (found: OpenSession | SandglassError): unknown =>
  found instanceof SandglassError ? found.details : 'open';

describe('createSessions()', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('gives the guest to one run at a time, in the order of asking', async () => {
    const sessions = createSessions(4);
    const session = await sessions.open(planOf('a'), async () => fakeCell());
    const order: number[] = [];
    const first = await session.take(never);
    const later = [1, 2, 3].map(async (index) => {
      const turn = await session.take(never);
      order.push(index);
      expect(turn.number).toBe(index + 1);
      turn.release(undefined);
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    first.release(undefined);
    first.release(undefined); // a second time is none
    await Promise.all(later);
    expect(order).toEqual([1, 2, 3]);
  });

  test('a run that is cancelled while it waits leaves the queue; one that comes cancelled never enters', async () => {
    const sessions = createSessions(4);
    const session = await sessions.open(planOf('a'), async () => fakeCell());
    const turn = await session.take(never);
    const stop = new AbortController();
    const waiting = session.take(stop.signal);
    const last = session.take(never);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(session.take(stop.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
    turn.release(undefined);
    expect((await last).number).toBe(2);
  });

  test('ends after idleMs without a run, counted from the end of the last one', async () => {
    const sessions = createSessions(4);
    const cell = fakeCell();
    const session = await sessions.open(planOf('a'), async () => cell);
    vi.advanceTimersByTime(4_999);
    const turn = await session.take(never);
    vi.advanceTimersByTime(60_000);
    expect(cell.closed).toBe(0);
    turn.release(undefined);
    vi.advanceTimersByTime(4_999);
    expect(reasonOf(sessions.find('a'))).toBe('open');
    vi.advanceTimersByTime(1);
    expect(cell.closed).toBe(1);
    expect(reasonOf(sessions.find('a'))).toEqual({ session: 'a', reason: 'idle' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a run that ends the guest ends the session for those that wait, and frees the name', async () => {
    const sessions = createSessions(1);
    const cell = fakeCell();
    const session = await sessions.open(planOf('a'), async () => cell);
    const turn = await session.take(never);
    const waiting = session.take(never);
    turn.release('FUEL_EXHAUSTED');
    await expect(waiting).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { session: 'a', reason: 'FUEL_EXHAUSTED' },
    });
    await expect(session.take(never)).rejects.toMatchObject({ details: { reason: 'FUEL_EXHAUSTED' } });
    expect(session.signal.aborted).toBe(true);
    expect(cell.closed).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    await sessions.open(planOf('a'), async () => fakeCell());
    expect(reasonOf(sessions.find('a'))).toBe('open');
  });

  test('refuses a name that is open or on its way, and one too many; a cell that does not start frees both', async () => {
    const sessions = createSessions(2);
    const cell = Promise.withResolvers<HeldCell>();
    const opening = sessions.open(planOf('a'), () => cell.promise);
    await expect(sessions.open(planOf('a'), async () => fakeCell())).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await sessions.open(planOf('b'), async () => fakeCell());
    await expect(sessions.open(planOf('c'), async () => fakeCell())).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      details: { limit: 2 },
    });
    cell.reject(new Error('no cell'));
    await expect(opening).rejects.toThrow('no cell');
    await sessions.open(planOf('a'), async () => fakeCell());
    expect(await sessions.close('a')).toBe(true);
    expect(await sessions.close('a')).toBe(false);
    expect(await sessions.close('never')).toBe(false);
    expect(reasonOf(sessions.find('never'))).toEqual({ session: 'never' });
  });

  test('closeAll() ends them all and leaves no timer', async () => {
    const sessions = createSessions(4);
    const cells = [fakeCell(), fakeCell()];
    for (const [index, cell] of cells.entries()) await sessions.open(planOf(`s${index}`), async () => cell);
    await sessions.closeAll();
    expect(cells.map(({ closed }) => closed)).toEqual([1, 1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('remembers why the last 256 sessions ended, no more', async () => {
    const sessions = createSessions(1);
    for (let index = 0; index < 300; index++) {
      await sessions.open(planOf(`s${index}`), async () => fakeCell());
      await sessions.close(`s${index}`);
    }
    expect(reasonOf(sessions.find('s43'))).toEqual({ session: 's43' });
    expect(reasonOf(sessions.find('s44'))).toEqual({ session: 's44', reason: 'closed' });
  });
});
