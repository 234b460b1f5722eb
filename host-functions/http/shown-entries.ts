import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import type { EntryPolicy } from './http-grant.ts';

/** Entries as a guest may read them in its grant: what they reach, and the caps that it may run into. No secret, not even its name. */
export const shownEntries = (part: readonly EntryPolicy[], kind: 'http' | 'ws'): readonly JsonObject[] =>
  part.map(({ origin, methods, paths, base, maxCalls, maxBytes }) => ({
    origin: origin.text,
    ...(kind === 'http' ? { methods: [...methods] } : {}),
    ...(paths === undefined ? {} : { paths: [...paths.patterns] }),
    ...(base === undefined ? {} : { base: base.href }),
    ...(Number.isFinite(maxCalls) ? { maxCalls } : {}),
    ...(Number.isFinite(maxBytes) ? { maxBytes } : {}),
  }));
