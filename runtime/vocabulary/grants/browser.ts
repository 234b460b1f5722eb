export const BROWSER_ACTIONS = ['navigate', 'extract', 'interact', 'screenshot'] as const;

export type BrowserAction = (typeof BROWSER_ACTIONS)[number];

/** What a guest may do with a browser, and where. All that its pages load is held to the same origins. */
export interface BrowserGrant {
  /** `https://example.com`, `https://*.example.com` or `*`, by the rules of `http`: private addresses only by name. */
  readonly origins: readonly string[];
  /** @default ['navigate', 'extract'] */
  readonly actions?: readonly BrowserAction[];
  /** Pages open at once, 1..32. @default 4 */
  readonly maxPages?: number;
  /** Longest call, ms, 1..300,000. @default 30,000 */
  readonly timeoutMs?: number;
  /** Calls. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes that all pages load and send together. Over it their connections end and calls are denied. @default 64 MiB */
  readonly maxBytes?: number;
  /** Bytes of one download, 0..64 MiB; 0: downloads are refused. What a page begins to download by itself is refused in any case. @default 0 */
  readonly maxDownloadBytes?: number;
}
