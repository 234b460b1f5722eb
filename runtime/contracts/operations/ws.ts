/** A message, whose bytes come with the reply, or the end of the connection by a close of either side. */
export type WsReceived =
  | { readonly kind: 'text' | 'binary' }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string };

/**
 * The operations of `ws`: connections that the host holds. `bytes` of the request carry a message to send, `bytes` of the reply one that
 * was received. `HOST_CALL_FAILED` carries `details.reason` as for `http`.
 */
export interface WsOperations {
  /** Answers once the connection is open. `protocol`: the one that the server chose of those asked for, or empty. */
  'ws.open': {
    readonly args: { readonly url: string; readonly protocols?: readonly string[] };
    readonly value: { readonly handle: number; readonly protocol: string };
  };
  /** Answers once the network has taken the message. */
  'ws.send': { readonly args: { readonly handle: number; readonly text?: boolean }; readonly value: null };
  /** Waits for the next message. After the end the handle is gone. One wait at a time. */
  'ws.receive': { readonly args: { readonly handle: number }; readonly value: WsReceived };
  /** Begins to close; go on receiving until the end. `code`: 1000, or from 3000 to 4999. */
  'ws.close': {
    readonly args: { readonly handle: number; readonly code?: number; readonly reason?: string };
    readonly value: null;
  };
}
