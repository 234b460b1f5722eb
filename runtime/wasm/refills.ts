import type { Turns } from '../contracts/engine.ts';
import { setTableSlot } from './intrinsics.ts';
import type { Progress } from './progress.ts';
import { REFILL, REFILL_SLOT } from './reserved.ts';
import { type Refill, takeRefill } from './trampoline.ts';

/** What the tables of instrumented instances call when a slice is used up. */
export interface Refills {
  /** Puts the functions into an instance's table. */
  connect(table: WebAssembly.Table): void;
  /** Takes them out of all tables, so that they can serve another guest. */
  release(): void;
}

/** @param turns Lets the event loop have its turn; absent: no guest is suspended. */
export function createRefills(
  trampoline: WebAssembly.Module,
  progress: Progress,
  turns: Turns | undefined,
): Refills {
  const { consult, answer, fail } = progress;
  /** Turns begun; one that turned out not to suspend the guest must not answer for a later one. */
  let turn = 0;
  /** Guests suspended in `wait`. */
  let waiting = 0;
  let made: Refill | undefined;
  const tables: WebAssembly.Table[] = [];

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
    return progress.state === 'running' && turnIsDue() ? REFILL.wait : answer();
  };
  const wait = async (): Promise<number> => {
    turn += 1;
    const mine = turn;
    // V8 13 calls this before it finds that it cannot suspend the guest. By the next microtask that is known: no turn is taken in vain.
    await undefined;
    if (mine !== turn) return REFILL.stop; // nobody waits for it
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
    return answer();
  };

  return {
    connect: (table) => {
      // One pair for all instances: each is an instance of its own, which costs more than finding out who asked.
      made ??= takeRefill(trampoline, { ask, refused, ...(turns === undefined ? {} : { wait }) });
      tables.push(table);
      setTableSlot(table, REFILL_SLOT.ask, made.ask);
      setTableSlot(table, REFILL_SLOT.wait, made.wait);
    },
    release: () => {
      for (const table of tables) {
        setTableSlot(table, REFILL_SLOT.ask, null);
        setTableSlot(table, REFILL_SLOT.wait, null);
      }
      if (waiting === 0) made?.release(); // a stack that is suspended in them would come back into them
      made = undefined;
    },
  };
}
