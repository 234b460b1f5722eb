import type { WsGrant } from '../../runtime/vocabulary/grants/ws.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { cap, type EntryPolicy, readEntries, readEntry } from './http-grant.ts';
import { findCeiling, narrowed } from './narrow-http.ts';

/** One entry of the `ws` part of a grant, checked, with its defaults filled. */
export interface WsEntryPolicy extends EntryPolicy {
  readonly maxMessageBytes: number;
}

const DEFAULT_MESSAGE_BYTES = 8 * 1024 * 1024;
const FIELDS: Readonly<Record<keyof WsGrant, true>> = {
  origin: true,
  paths: true,
  secret: true,
  maxMessageBytes: true,
  maxCalls: true,
  maxBytes: true,
};
/** Of the opening handshake; there is no other. */
const METHODS: ReadonlySet<string> = new Set(['GET']);

/** The `ws` part of a grant, parsed. */
export type WsPart = readonly WsEntryPolicy[];

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseWsGrants(part: JsonValue, where: string): WsPart {
  return readEntries(part, where, FIELDS).map((grant, index) => ({
    ...readEntry(grant, `${where}[${index}]`, 'ws'),
    methods: METHODS,
    maxMessageBytes: cap(grant, 'maxMessageBytes', `${where}[${index}]`) ?? DEFAULT_MESSAGE_BYTES,
  }));
}

/** What `asked` wants, under what `ceiling` allows, by the rules of `narrowHttpGrants`. Throws as that does. */
export function narrowWsGrants(asked: WsPart, ceiling: WsPart | undefined): WsPart {
  return asked.map((entry, index) => {
    const limit = findCeiling(entry, ceiling ?? [], 'ws', index);
    return {
      ...narrowed(entry, limit),
      maxMessageBytes: Math.min(entry.maxMessageBytes, limit.maxMessageBytes),
    };
  });
}
