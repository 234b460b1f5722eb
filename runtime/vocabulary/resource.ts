/** What a host call is about, as its host function states it: no secrets, no query of a URL, no path of the host. */
export interface Resource {
  /** Absolute guest path of a file; path of a URL, beside its origin. */
  readonly path?: string;
  /** Absolute guest path that a file goes to, where it is renamed or linked. */
  readonly to?: string;
  /** Scheme, host and port. */
  readonly origin?: string;
  readonly method?: string;
  /** Of a database, without its parameters. */
  readonly statement?: string;
  /** Whatever else has a name: a database, a tool, a key. */
  readonly name?: string;
}
