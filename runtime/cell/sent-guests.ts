import type { PreparedGuest } from '../contracts/engine.ts';
import type { GuestMessage, GuestParts } from './protocol.ts';

/** Guests that a cell keeps at most; they hold what all runs of one binary share. */
const MOST_KEPT = 8;

/**
 * Tells a cell of a guest: of one that lasts with all its parts once, then by its number.
 * @param shared What the cell was warmed with: modules of it are named, not sent.
 */
export function createSentGuests(
  compiled: boolean,
  shared?: PreparedGuest,
): (guest: PreparedGuest) => GuestMessage {
  const numbers = new Map<unknown, number>();
  let given = 0;
  return (guest) => {
    if (guest.lasting !== true) return { parts: partsOf(guest, compiled, shared) };
    const known = numbers.get(guest.data);
    if (known !== undefined) return { keep: known };
    given += 1;
    numbers.set(guest.data, given);
    const [oldest] = numbers;
    if (numbers.size <= MOST_KEPT || oldest === undefined)
      return { parts: partsOf(guest, compiled, shared), keep: given };
    numbers.delete(oldest[0]);
    return { parts: partsOf(guest, compiled, shared), keep: given, drop: oldest[1] };
  };
}

export function partsOf(guest: PreparedGuest, compiled: boolean, shared?: PreparedGuest): GuestParts {
  const all = Object.entries(guest.modules);
  const known = all.filter(([name, module]) => shared?.modules[name] === module).map(([name]) => name);
  return {
    data: guest.data,
    modules: Object.fromEntries(
      all
        .filter(([name]) => !known.includes(name))
        .map(([name, { module, bytes }]) => [name, compiled ? module : bytes]),
    ),
    ...(known.length === 0 ? {} : { shared: known }),
  };
}
