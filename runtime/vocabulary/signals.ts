/** Aborts with the first of several signals; what it answers takes its listeners back. */
export function abortWith(abort: AbortController, signals: readonly (AbortSignal | undefined)[]): () => void {
  const follow = (): void => abort.abort();
  for (const signal of signals) {
    if (signal?.aborted) follow();
    else signal?.addEventListener('abort', follow, { once: true });
  }
  return () => {
    for (const signal of signals) signal?.removeEventListener('abort', follow);
  };
}
