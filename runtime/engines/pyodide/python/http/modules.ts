import { EXCHANGE_SOURCE } from './exchange.ts';
import { HTTP_CLIENT_SOURCE } from './http-client.ts';
import { LIBRARIES_SOURCE } from './libraries.ts';
import { PYFETCH_SOURCE } from './pyfetch.ts';
import { REQUEST_SOURCE } from './request.ts';
import { URLLIB_SOURCE } from './urllib.ts';

/** The host's `http` under the shapes that Python people know: module name → source, in the order in which they are loaded. */
export const HTTP_MODULES = [
  ['_sandglass_http', REQUEST_SOURCE],
  ['_sandglass_http_client', HTTP_CLIENT_SOURCE],
  ['_sandglass_urllib', URLLIB_SOURCE],
  ['_sandglass_pyfetch', PYFETCH_SOURCE],
  ['_sandglass_http_exchange', EXCHANGE_SOURCE],
  ['_sandglass_http_libraries', LIBRARIES_SOURCE],
] as const;

/** Those of them that have an `install()`. */
export const HTTP_INSTALLED: readonly string[] = [
  '_sandglass_http_client',
  '_sandglass_urllib',
  '_sandglass_pyfetch',
  '_sandglass_http_libraries',
] satisfies readonly (typeof HTTP_MODULES)[number][0][];
