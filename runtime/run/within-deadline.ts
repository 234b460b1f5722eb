import { SandglassError } from '../vocabulary/errors.ts';

export interface WaitLimits {
  readonly signal: AbortSignal;
  /** What is waited for, for messages: `module.wasm`. */
  readonly name: string;
  /** Milliseconds; absent: no deadline. */
  readonly timeoutMs?: number;
}

/**
 * Waits for a guest to be made ready, but no longer than its run may last. What is waited for goes on: it has bounds of its own, and who
 * asks for the same again finds it done.
 * @throws {SandglassError} CANCELLED, DEADLINE_EXCEEDED
 */
export async function withinDeadline<T>(
  work: Promise<T>,
  { signal, name, timeoutMs }: WaitLimits,
): Promise<T> {
  work.catch(() => undefined); // nobody may be waiting any more
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        onAbort = () => reject(new SandglassError('CANCELLED', 'Cannot run: cancelled before it started'));
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
        if (timeoutMs === undefined) return;
        timer = setTimeout(() => reject(tooLate(name, timeoutMs)), timeoutMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}

const tooLate = (name: string, timeoutMs: number): SandglassError =>
  new SandglassError(
    'DEADLINE_EXCEEDED',
    `Cannot run ${name}: making it ready took over its ${timeoutMs} ms`,
    { hint: 'Run it again, as what was made ready is kept, or raise limits.timeoutMs' },
  );
