export const RUN_ACCESS = ['start', 'cancel'] as const;

export type RunAccess = (typeof RUN_ACCESS)[number];

/** Parts of its own grant that a guest can pass on to what it starts. */
export const SHARED_PARTS = ['fs', 'http', 'ws', 'env', 'tools'] as const;

export type SharedPart = (typeof SHARED_PARTS)[number];

/** Guests that a guest may start: sources, never a process of the host. What they spend is spent of the run that starts them. */
export interface RunGrant {
  /** `cancel` ends runs of the same caller by their ids. @default ['start'] */
  readonly access?: readonly RunAccess[];
  /** Languages of what it may start. @default any that an engine takes */
  readonly languages?: readonly string[];
  /** How deep: what is started with 1 may start none itself. 1..8 @default 1 */
  readonly depth?: number;
  /** What it may pass on of its own grant; each guest that is started names what it gets. @default none */
  readonly share?: readonly SharedPart[];
}
