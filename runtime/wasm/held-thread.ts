import type { GuestEnd } from '../contracts/engine.ts';

/** How a guest ends that kept the thread of its host, where nothing could suspend it. */
export const HELD_THREAD: GuestEnd = {
  kind: 'invalid',
  code: 'UNSUPPORTED',
  message:
    "Stopped the guest: it worked too long in the host's own thread where it cannot be suspended, as in an allocator or the start of a module",
  hint: 'Run it at isolation level standard, in a worker',
};
