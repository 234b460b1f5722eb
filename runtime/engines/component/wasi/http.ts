import type { ComponentRun } from '../component-run.ts';
import type { Result } from './errors.ts';
import type { HttpErrorCode } from './http-error.ts';
import { Fields } from './http-fields.ts';
import { RequestOptions, requestClasses } from './http-request.ts';
import { FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse } from './http-response.ts';

/** Resources of a server: we call no guest with a request, so no guest holds one of these. */
class IncomingRequest {}
class ResponseOutparam {}
class OutgoingResponse {
  constructor() {
    refuseToServe();
  }
}
function refuseToServe(): never {
  throw new TypeError('Cannot answer a request: there is none');
}

interface Sendable {
  send(options: RequestOptions | undefined): Result<FutureIncomingResponse, HttpErrorCode>;
}

/** `wasi:http/types` and `outgoing-handler`: requests go through the `http` host function; redirects are the guest's to follow. */
export function httpInterfaces(run: ComponentRun) {
  const { OutgoingBody, OutgoingRequest } = requestClasses(run);
  return {
    'wasi:http/types': {
      Fields,
      FutureIncomingResponse,
      FutureTrailers,
      IncomingBody,
      IncomingRequest,
      IncomingResponse,
      OutgoingBody,
      OutgoingRequest,
      OutgoingResponse,
      RequestOptions,
      ResponseOutparam: Object.assign(ResponseOutparam, { set: refuseToServe }),
      /** Stream errors tell nothing of HTTP. */
      httpErrorCode: () => undefined,
    },
    'wasi:http/outgoing-handler': {
      handle: (request: Sendable, options: RequestOptions | undefined) => request.send(options),
    },
  };
}
