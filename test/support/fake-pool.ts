import { createIdleMemory } from '../../runtime/cell/idle-memory.ts';
import { createPool, type PoolOptions } from '../../runtime/cell/pool.ts';
import type { CellWatcher, RemoteCell } from '../../runtime/cell/remote-channel.ts';
import type { CellResult, CellRun } from '../../runtime/contracts/cell.ts';
import type { Engine } from '../../runtime/contracts/engine.ts';
import { scriptedEngine } from './scripted-engine.ts';

export interface FakeCell extends RemoteCell {
  sound: boolean;
  /** What its end waits for. */
  gone: Promise<void>;
  readonly name: string;
  readonly finish: () => void;
  runs: number;
  ended: boolean;
  resting: boolean;
  guests: number;
  /** All its guests wait. */
  readonly rest: () => void;
  /** They would go on. */
  readonly wake: () => void;
}

/** A pool over cells that finish when the test says so. */
export function fakePool(
  overrides: Partial<PoolOptions> = {},
  ready: (index: number) => Promise<void> = () => Promise.resolve(),
) {
  const cells: FakeCell[] = [];
  const pool = createPool({
    kind: 'worker',
    maxCells: 2,
    maxWaiting: 0,
    waitingBytes: Number.MAX_SAFE_INTEGER,
    warm: 0,
    maxReuse: 3,
    singleUse: false,
    idleMemory: createIdleMemory(Number.MAX_SAFE_INTEGER),
    ...overrides,
    spawn: async (engine) => {
      let done = Promise.withResolvers<CellResult>();
      const requests = new Set<CellRun>();
      let watcher: CellWatcher | undefined;
      const cell: FakeCell = {
        name: `${engine.name}-${cells.length}`,
        ready: ready(cells.length),
        sound: true,
        gone: Promise.resolve(),
        memoryBytes: 10,
        runs: 0,
        ended: false,
        resting: false,
        guests: 0,
        guestBytes: 0,
        heldBytes: 10,
        blocked: false,
        watch: (given) => {
          watcher = given;
        },
        rest: () => {
          cell.resting = true;
          for (const request of requests) watcher?.waits(request);
          watcher?.rested();
        },
        wake: () =>
          watcher?.wakes(() => {
            cell.resting = false;
          }),
        finish: () => done.resolve({ end: result, cpuMs: 1, coldStart: false }),
        run: async (request, cold) => {
          cell.runs += 1;
          cell.guests += 1;
          cell.resting = false;
          requests.add(request);
          const answer = await done.promise;
          requests.delete(request);
          cell.guests -= 1;
          done = Promise.withResolvers();
          return { ...answer, coldStart: cold };
        },
        end: async () => {
          cell.ended = true;
          await cell.gone;
        },
        hold: () => undefined,
      };
      cells.push(cell);
      return cell;
    },
  });
  return { pool, cells };
}

export const result = { kind: 'value', value: 1, memoryBytes: 0, fuel: null, growthRefused: false } as const;
export const request = (
  engine: Engine,
  signal = new AbortController().signal,
  likeness?: string,
  depth = 0,
): CellRun => ({ engine, signal, depth, guest: { likeness }, spec: { limits: { cpuShare: 1 } } }) as CellRun; // the pool looks at nothing else
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const other: Engine = { ...scriptedEngine, name: 'other' };
export const exposed: Engine = { ...scriptedEngine, name: 'exposed', realm: 'exposed' };
