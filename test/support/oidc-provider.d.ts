/** As much of it as the tests use; it ships no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    callback(): RequestListener;
  }
  // biome-ignore lint/style/noDefaultExport: the package has no other
  export default Provider;
}
