import type { Meter } from '../../wasm/meter.ts';
import type { Order } from './order.ts';
import type { RealmApi } from './realm/contract.ts';
import type { RunLink } from './run-link.ts';

/** What an interpreter is at: each part of what it answers its realm looks here. */
export interface Present {
  /** The run that it serves. */
  link: RunLink | undefined;
  /** In which timers and answers of that run reach the realm. */
  order: Order | undefined;
  /** Holds the guest between two runs. */
  between: Meter | undefined;
  /** The last one that has taken the instances. */
  metered: Meter | undefined;
  /** The meter's own handle on them; never given to the realm. */
  readonly instances: WebAssembly.Instance[];
}

/** Of an interpreter that starts: it serves nobody. */
export const createPresent = (): Present => ({
  link: undefined,
  order: undefined,
  between: undefined,
  metered: undefined,
  instances: [],
});

/** Does one step in the realm, and what promises of it have made ready. */
export type Enter = (step: (api: RealmApi) => void) => void;
