import type { PreparedGuest } from '../contracts/engine.ts';
import type { GuestMessage, GuestParts } from './protocol.ts';

/** Guests that a cell keeps at most; they hold what all runs of one binary share. */
const MOST_KEPT = 8;

/** Tells a cell of a guest: of one that lasts with all its parts once, then by its number. */
export function createSentGuests(compiled: boolean): (guest: PreparedGuest) => GuestMessage {
  const numbers = new Map<unknown, number>();
  let given = 0;
  return (guest) => {
    if (guest.lasting !== true) return { parts: partsOf(guest, compiled) };
    const known = numbers.get(guest.data);
    if (known !== undefined) return { keep: known };
    given += 1;
    numbers.set(guest.data, given);
    const [oldest] = numbers;
    if (numbers.size <= MOST_KEPT || oldest === undefined)
      return { parts: partsOf(guest, compiled), keep: given };
    numbers.delete(oldest[0]);
    return { parts: partsOf(guest, compiled), keep: given, drop: oldest[1] };
  };
}

export const partsOf = (guest: PreparedGuest, compiled: boolean): GuestParts => ({
  data: guest.data,
  modules: Object.fromEntries(
    Object.entries(guest.modules).map(([name, { module, bytes }]) => [name, compiled ? module : bytes]),
  ),
});
