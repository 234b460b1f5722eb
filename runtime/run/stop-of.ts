import { SandglassError } from '../vocabulary/errors.ts';

/** A signal of the run's own, which also aborts when the caller's does, or when nested runs have spent what it had left. */
export function stopOf(signal: AbortSignal) {
  const controller = new AbortController();
  const now = (): void => controller.abort();
  if (signal.aborted) now();
  else signal.addEventListener('abort', now, { once: true });
  let spentByOthers = false;
  const outspent = (): void => {
    spentByOthers = true;
    now();
  };
  const isOutspent = (): boolean => spentByOthers;
  return {
    signal: controller.signal,
    now,
    outspent,
    isOutspent,
    release: () => signal.removeEventListener('abort', now),
  };
}

/** @throws {SandglassError} CANCELLED */
export function refuseCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot run: cancelled before it started');
}
