/** One origin that the guest may talk to. */
export interface HttpGrant {
  /**
   * `https://api.example.com`, with a port where it is not the scheme's own; `https://*.example.com` for its subdomains;
   * `*` for every public origin. A private, loopback or link-local address is reached only when it is named here.
   */
  readonly origin: string;
  /** @default ['GET', 'HEAD'] */
  readonly methods?: readonly string[];
  /**
   * Path of this origin at which relative URLs of the guest start, e.g. `/v1/`; it begins and ends with `/`. What comes of them is checked as
   * any URL is. One entry of a grant may have it, and its origin must be exact. @default none: a relative URL is an error
   */
  readonly base?: string;
  /** Path globs, `*` within a segment, `**` across segments. @default any path */
  readonly paths?: readonly string[];
  /** Name of a secret that the host turns into a header for this origin; the guest never sees it. */
  readonly secret?: string;
  /**
   * Requests through this entry tell the `traceparent` of their run, in place of one that the guest sets. Under a policy, the policy's entry
   * decides, and an asked entry can only say no. @default false: nobody learns of a trace
   */
  readonly traceparent?: boolean;
  /** Largest request body, bytes. @default 8 MiB */
  readonly maxRequestBytes?: number;
  /** Largest response body, bytes. @default 32 MiB */
  readonly maxResponseBytes?: number;
  /** Calls through this entry; redirects count. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes sent and received through this entry. Over it the call is denied. */
  readonly maxBytes?: number;
}
