import type { FsDirectory, NodeEntry } from './backend.ts';
import { AT_ONCE_ENTRIES, type Later, runHasEnded, TURN_ENTRIES, type Turns } from './in-turns.ts';

/**
 * Lists a folder. A small one is listed at once, which whoever cannot wait needs; others have their turns between the pieces of a large one.
 * @throws {FsFault}
 */
export function inPieces<T>(
  directory: FsDirectory,
  maxBytes: number,
  take: (entries: readonly NodeEntry[]) => void,
  finish: () => T,
  { canWait, inTurn, stopped }: Turns,
): Later<T> {
  if (directory.pieces === undefined) {
    take(directory.list(maxBytes));
    return finish();
  }
  // An opening of its own: the guest may close its handle between two pieces, and something else could have the number then.
  const own = directory.reopen();
  const pieces = own.pieces?.(maxBytes) ?? [].values();
  const end = (): void => {
    pieces.return?.();
    own.close();
  };
  let isLeft = true;
  try {
    for (let left = canWait ? TURN_ENTRIES : 2 * AT_ONCE_ENTRIES; isLeft && left > 0; left -= TURN_ENTRIES)
      isLeft = takeNext(pieces, take);
    if (!isLeft) return finish();
  } catch (error) {
    isLeft = false;
    throw error;
  } finally {
    if (!isLeft) end();
  }
  return (async () => {
    try {
      while (await inTurn(() => !stopped() && takeNext(pieces, take)));
      if (stopped()) throw runHasEnded();
      return await inTurn(finish);
    } finally {
      end();
    }
  })();
}

/** @returns Whether there may be more. */
function takeNext(
  pieces: Iterator<readonly NodeEntry[]>,
  take: (entries: readonly NodeEntry[]) => void,
): boolean {
  const next = pieces.next();
  if (next.done !== true) take(next.value);
  return next.done !== true;
}
