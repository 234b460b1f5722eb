import type { Servers } from './granted-floods.ts';

/** What is done to a host that is no guest's program: by a client, a publisher, a server or a page. */
export interface Attack {
  /** For about so long, ms. Answers how it ended, in a word or two. */
  run(ms: number): Promise<string>;
}

export interface Attackers extends Servers {
  /** Of the server of pages, and of MCP. */
  readonly http: string;
  /** Sends clients to a door, from another thread. Answers when they have gone. */
  readonly clients: (kind: 'stay' | 'return', door: Door, ms: number) => Promise<void>;
}

export interface Door {
  readonly port: number;
  readonly key: string;
  /** What they read. */
  readonly path: string;
}

export interface HostFlood {
  readonly name: string;
  readonly engine: 'door' | 'packages' | 'servers' | 'browser';
  readonly levels: readonly ['host'];
  /** What can be made ready before it is measured. */
  readonly begin: (attackers: Attackers) => Promise<Attack>;
}
