/** What idle cells hold together, workers and processes, and may hold at most. */
export interface IdleMemory {
  /** Whether a cell of so many bytes may be kept beside the present ones, and those that are on their way. */
  fits(bytes: number, coming?: number): boolean;
  /** A cell has become idle. */
  add(bytes: number): void;
  /** It is no longer. */
  remove(bytes: number): void;
}

/** @param maxBytes Of all idle cells; 0: none is kept. */
export function createIdleMemory(maxBytes: number): IdleMemory {
  let held = 0;
  return {
    fits: (bytes, coming = 0) => held + coming + bytes <= maxBytes && maxBytes > 0,
    add: (bytes) => {
      held += bytes;
    },
    remove: (bytes) => {
      held -= bytes;
    },
  };
}
