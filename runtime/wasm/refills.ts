import type { Turns } from '../contracts/engine.ts';
import { setTableSlot } from './intrinsics.ts';
import type { Progress } from './progress.ts';
import { REFILL, REFILL_SLOT } from './reserved.ts';
import { type Refill, takeRefill } from './trampoline.ts';

/** What the tables of instrumented instances call when a slice is used up. */
export interface Refills {
  /** Puts the functions into an instance's table. */
  connect(table: WebAssembly.Table): void;
  /** Takes them out of one table. */
  disconnect(table: WebAssembly.Table): void;
  /** Takes them out of all tables, so that they can serve another guest. */
  release(): void;
  /** A turn was due while the guest could not be suspended, and there was none since. */
  readonly owesTurn: boolean;
}

export interface RefillsOptions {
  readonly progress: Progress;
  /** Lets the event loop have its turn; absent: no guest is suspended. */
  readonly turns: Turns | undefined;
  /** Units that may be burnt while a turn is owed. */
  readonly mostHeldFuel: number;
}

function empty(table: WebAssembly.Table): void {
  setTableSlot(table, REFILL_SLOT.ask, null);
  setTableSlot(table, REFILL_SLOT.wait, null);
}

export function createRefills(
  trampoline: WebAssembly.Module,
  { progress, turns, mostHeldFuel }: RefillsOptions,
): Refills {
  const { consult, answer, fail } = progress;
  /** Turns begun; one that turned out not to suspend the guest must not answer for a later one. */
  let turn = 0;
  /** Guests suspended in `wait`. */
  let waiting = 0;
  let made: Refill | undefined;
  const tables = new Set<WebAssembly.Table>();
  /** What was burnt when the first turn was missed of those that are owed. */
  let owedSince: number | undefined;
  /** Turns owed so far: the event loop may answer for one that has been paid. */
  let debts = 0;

  const turnIsDue = (): boolean => {
    if (turns === undefined) return false;
    try {
      return turns.due();
    } catch (error) {
      fail(error);
      return false;
    }
  };
  const ask = (): number => {
    consult();
    // One that is owed is due, whatever its clock says: that begins anew with each that was missed.
    return progress.state === 'running' && (turnIsDue() || owedSince !== undefined) ? REFILL.wait : answer();
  };
  const wait = async (): Promise<number> => {
    turn += 1;
    const mine = turn;
    // V8 13 calls this before it finds that it cannot suspend the guest. By the next microtask that is known: no turn is taken in vain.
    await undefined;
    if (mine !== turn) return REFILL.stop; // nobody waits for it
    owedSince = undefined;
    waiting += 1;
    try {
      await turns?.take();
    } catch (error) {
      fail(error);
    }
    waiting -= 1;
    consult();
    return answer();
  };
  const refused = (): number => {
    turn += 1;
    if (owedSince === undefined) {
      owedSince = progress.burnt;
      debts += 1;
      const debt = debts;
      turns?.missed?.(() => {
        if (debt === debts) owedSince = undefined;
      });
    } else if (progress.burnt - owedSince > mostHeldFuel) progress.hold();
    return answer();
  };

  return {
    get owesTurn() {
      return owedSince !== undefined;
    },
    connect: (table) => {
      // One pair for all instances: each is an instance of its own, which costs more than finding out who asked.
      made ??= takeRefill(trampoline, { ask, refused, ...(turns === undefined ? {} : { wait }) });
      tables.add(table);
      setTableSlot(table, REFILL_SLOT.ask, made.ask);
      setTableSlot(table, REFILL_SLOT.wait, made.wait);
    },
    disconnect: (table) => {
      if (tables.delete(table)) empty(table);
    },
    release: () => {
      for (const table of tables) empty(table);
      if (waiting === 0) made?.release(); // a stack that is suspended in them would come back into them
      made = undefined;
    },
  };
}
