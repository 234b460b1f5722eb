import type { GuestEnd } from '../../contracts/engine.ts';

/** How the guest ended, thrown from deep inside the host's half of a run and caught by `execute` alone. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly end: GuestEnd;
  constructor(end: GuestEnd) {
    super(end.kind);
    this.end = end;
  }
}
