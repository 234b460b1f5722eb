/** One origin that the guest may open WebSocket connections to; no redirect is followed. */
export interface WsGrant {
  /** `wss://api.example.com`, `wss://*.example.com` or `*`, by the same rules as for `http`; also `ws://`. */
  readonly origin: string;
  /** Path globs, as for `http`. @default any path */
  readonly paths?: readonly string[];
  /** Name of a secret that the host sends as a header of the opening handshake; the guest never sees it. */
  readonly secret?: string;
  /** Largest message either way, bytes; `limits.hostCallBytes` holds as well. @default 8 MiB */
  readonly maxMessageBytes?: number;
  /** Connections opened through this entry. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes of messages sent and received through this entry. Over it the connection ends and the call is denied. */
  readonly maxBytes?: number;
}
