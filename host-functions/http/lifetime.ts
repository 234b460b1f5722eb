import { HttpFault } from './http-fault.ts';

/** How long one request may go on. */
export interface Lifetime {
  readonly signal: AbortSignal;
  abort(reason: HttpFault): void;
  /** Takes its timer and listeners down. */
  end(): void;
}

/** Ends with the first of `sources`, or after `timeoutMs`. */
export function createLifetime(sources: ReadonlySet<AbortSignal>, timeoutMs: number | undefined): Lifetime {
  const own = new AbortController();
  const give = (): void => own.abort(new HttpFault('aborted'));
  for (const source of sources) {
    if (source.aborted) give();
    source.addEventListener('abort', give);
  }
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(() => own.abort(new HttpFault('timeout')), timeoutMs);
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    end: () => {
      clearTimeout(timer);
      for (const source of sources) source.removeEventListener('abort', give);
    },
  };
}

/** Ends a request that failed, with all that is still open for it; answers what it failed with. */
export function giveUp(lifetime: Lifetime, error: unknown): unknown {
  const failure: unknown = lifetime.signal.aborted ? lifetime.signal.reason : error;
  lifetime.abort(new HttpFault('aborted'));
  lifetime.end();
  return failure;
}
