export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface HttpResponseHead {
  readonly status: number;
  readonly statusText: string;
  /** The address that answered, after redirects. */
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: HeaderList;
  /** Handle for `http.read`; absent when the whole body came in the reply's `bytes`. */
  readonly body?: number;
}

interface HttpRequestArgs {
  /** Absolute, or relative to the base of the grant. */
  readonly url: string;
  /** @default 'GET' */
  readonly method?: string;
  readonly headers?: HeaderList;
  /** @default 'follow'; at most 10 hops, each one checked. */
  readonly redirect?: 'follow' | 'manual' | 'error';
  /** Of this request alone, ms; the run's deadline holds as well. */
  readonly timeoutMs?: number;
  /** `true`: the reply carries a body handle. `false`: the whole body in `bytes`, at most `hostCallBytes`. @default false */
  readonly stream?: boolean;
  /** The guest's own number for this request, by which `http.close` ends it before it is answered. */
  readonly request?: number;
}

/**
 * The operations of `http`. `http.request` sends `bytes` as the body. `http.begin`, any number of `http.write`, then `http.send`
 * stream a body. `HOST_CALL_FAILED` carries `details.reason`: `connect`, `dns`, `tls`, `timeout`, `too-large`, `redirect`, `aborted`,
 * `bad-handle`, `invalid`, `protocol`.
 */
export interface HttpOperations {
  'http.request': { readonly args: HttpRequestArgs; readonly value: HttpResponseHead };
  'http.begin': { readonly args: HttpRequestArgs; readonly value: { readonly handle: number } };
  'http.write': { readonly args: { readonly handle: number }; readonly value: null };
  'http.send': { readonly args: { readonly handle: number }; readonly value: HttpResponseHead };
  /** Answers the next `bytes` of a body, none once `done`. */
  'http.read': { readonly args: { readonly handle: number }; readonly value: { readonly done: boolean } };
  'http.close': {
    readonly args: { readonly handle: number } | { readonly request: number };
    readonly value: null;
  };
}
