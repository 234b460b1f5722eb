import { joinBytes } from '../../../vocabulary/bytes.ts';
import { defined } from '../../../vocabulary/defined.ts';
import type { JsonObject } from '../../../vocabulary/json.ts';
import type { ComponentRun } from '../component-run.ts';
import { err, ok, type Result } from './errors.ts';
import type { HttpErrorCode } from './http-error.ts';
import type { Fields } from './http-fields.ts';
import { FutureIncomingResponse } from './http-response.ts';
import { OutputStream } from './io.ts';

interface Named {
  readonly tag: string;
  readonly val?: string;
}

type Done = Result<undefined, undefined>;

const DONE: Done = ok(undefined);

/** `wasi:http/types.request-options`; durations in nanoseconds. The host function knows one time for all of a request. */
export class RequestOptions {
  #connect: bigint | undefined;
  #firstByte: bigint | undefined;
  #betweenBytes: bigint | undefined;

  /** All that was asked for, in milliseconds. */
  timeoutMs(): number | undefined {
    const parts = [this.#connect, this.#firstByte].filter((part) => part !== undefined);
    if (parts.length === 0) return undefined;
    const nanoseconds = parts.reduce((sum, part) => sum + part, 0n);
    return Math.min(600_000, Math.max(1, Math.ceil(Number(nanoseconds) / 1e6)));
  }

  connectTimeout(): bigint | undefined {
    return this.#connect;
  }

  setConnectTimeout(duration: bigint | undefined): Done {
    this.#connect = duration;
    return DONE;
  }

  firstByteTimeout(): bigint | undefined {
    return this.#firstByte;
  }

  setFirstByteTimeout(duration: bigint | undefined): Done {
    this.#firstByte = duration;
    return DONE;
  }

  betweenBytesTimeout(): bigint | undefined {
    return this.#betweenBytes;
  }

  setBetweenBytesTimeout(duration: bigint | undefined): Done {
    this.#betweenBytes = duration;
    return DONE;
  }
}

/** Only the glue makes instances of them, and it knows no types. */
export interface RequestClasses {
  readonly OutgoingBody: object;
  readonly OutgoingRequest: object;
}

/** The classes of `wasi:http/types` whose constructors a guest calls, bound to its run. */
export function requestClasses(run: ComponentRun): RequestClasses {
  /** A body is kept until it is finished, at most `hostCallBytes`, and sent in one call. */
  class OutgoingBody {
    #chunks: Uint8Array[] = [];
    #size = 0;
    #written = false;
    #state: 'open' | 'finished' | 'dropped' = 'open';
    #whenOver: (() => void) | undefined;

    static finish(body: OutgoingBody, trailers: Fields | undefined): Result<undefined, HttpErrorCode> {
      if (trailers !== undefined && trailers.entries().length > 0) {
        body.#end('dropped');
        return err({ tag: 'internal-error', val: 'Cannot send trailers' });
      }
      body.#end('finished');
      return ok(undefined);
    }

    write(): Result<OutputStream, undefined> {
      if (this.#written) return err(undefined);
      this.#written = true;
      return ok(
        new OutputStream(run, (bytes) => {
          this.#size += bytes.byteLength;
          if (this.#size > run.spec.limits.hostCallBytes) return 'file-too-large';
          this.#chunks.push(bytes.slice());
          return undefined;
        }),
      );
    }

    /** Calls back once the body is complete, or given up. */
    over(use: (contents: Uint8Array | undefined) => void): void {
      const tell = (): void => use(this.#state === 'finished' ? joinBytes(this.#chunks) : undefined);
      if (this.#state === 'open') this.#whenOver = tell;
      else tell();
    }

    [Symbol.dispose](): void {
      this.#end('dropped');
    }

    #end(state: 'finished' | 'dropped'): void {
      if (this.#state !== 'open') return;
      this.#state = state;
      this.#whenOver?.();
      this.#chunks = [];
    }
  }

  class OutgoingRequest {
    readonly #headers: Fields;
    #method: Named = { tag: 'get' };
    #scheme: Named | undefined;
    #authority: string | undefined;
    #path: string | undefined;
    #body: OutgoingBody | undefined;

    constructor(headers: Fields) {
      this.#headers = headers.frozen();
    }

    body(): Result<OutgoingBody, undefined> {
      if (this.#body !== undefined) return err(undefined);
      this.#body = new OutgoingBody();
      return ok(this.#body);
    }

    method(): Named {
      return this.#method;
    }

    setMethod(method: Named): Done {
      if (method.tag === 'other' && !/^[A-Za-z]{1,32}$/.test(method.val ?? '')) return err(undefined);
      this.#method = method;
      return DONE;
    }

    pathWithQuery(): string | undefined {
      return this.#path;
    }

    setPathWithQuery(path: string | undefined): Done {
      if (path !== undefined && !/^[/?][\x21-\x7e]*$/.test(path)) return err(undefined);
      this.#path = path;
      return DONE;
    }

    scheme(): Named | undefined {
      return this.#scheme;
    }

    setScheme(scheme: Named | undefined): Done {
      if (scheme?.tag === 'other') return err(undefined);
      this.#scheme = scheme;
      return DONE;
    }

    authority(): string | undefined {
      return this.#authority;
    }

    setAuthority(authority: string | undefined): Done {
      if (authority !== undefined && !/^[\w.\-:[\]]{1,260}$/.test(authority)) return err(undefined);
      this.#authority = authority;
      return DONE;
    }

    headers(): Fields {
      return this.#headers.frozen();
    }

    /** Sends it, once its body is complete if it has one. */
    send(options: RequestOptions | undefined): Result<FutureIncomingResponse, HttpErrorCode> {
      run.check();
      if (this.#authority === undefined) return err({ tag: 'HTTP-request-URI-invalid' });
      const scheme = this.#scheme?.tag === 'HTTP' ? 'http' : 'https';
      const timeoutMs = options?.timeoutMs();
      const args: JsonObject = {
        url: `${scheme}://${this.#authority}${this.#path ?? '/'}`,
        method: this.#method.tag === 'other' ? (this.#method.val ?? '') : this.#method.tag.toUpperCase(),
        headers: this.#headers.toHeaders(),
        redirect: 'manual',
        stream: true,
        ...defined({ timeoutMs }),
      };
      const future = new FutureIncomingResponse(run);
      if (this.#body === undefined) future.settle(run.call('http.request', args));
      else {
        this.#body.over((contents) => {
          if (contents === undefined) future.fail({ tag: 'internal-error', val: 'The body was given up' });
          else future.settle(run.call('http.request', args, contents));
        });
      }
      return ok(future);
    }
  }

  return { OutgoingBody, OutgoingRequest };
}
