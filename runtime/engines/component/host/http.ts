import type { HttpResponseHead } from '../../../contracts/operations/http.ts';
import { defined } from '../../../vocabulary/defined.ts';
import type { JsonObject } from '../../../vocabulary/json.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { ok, type Result } from '../wasi/errors.ts';
import { type HostError, hostError } from './errors.ts';

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
  readonly timeoutMs: number | undefined;
}

interface Response {
  readonly status: number;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

/** `sandglass:host/http`: the whole body in one answer, at most `hostCallBytes`. */
export const httpInterface = (run: ComponentRun) => ({
  fetch: ({ method, url, headers, body, timeoutMs }: Request): Eventually<Result<Response, HostError>> => {
    run.check();
    const args: JsonObject = { method, url, headers, ...defined({ timeoutMs }) };
    return after(run.call('http.request', args, body), (answer) => {
      if (!answer.ok) return hostError(answer);
      // The value is the host function's own, of the type its contract names.
      const head = answer.value as unknown as HttpResponseHead;
      return ok({
        status: head.status,
        url: head.url,
        headers: head.headers,
        body: answer.bytes ?? new Uint8Array(),
      });
    });
  },
});
