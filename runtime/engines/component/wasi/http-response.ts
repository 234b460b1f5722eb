import type { HostAnswer } from '../../../contracts/engine.ts';
import type { HttpResponseHead } from '../../../contracts/operations/http.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { err, ok, type Result } from './errors.ts';
import { type HttpErrorCode, httpErrorCode } from './http-error.ts';
import { Fields } from './http-fields.ts';
import { InputStream, Pollable, type ReadSource } from './io.ts';

/** `wasi:http/types.incoming-response`. */
export class IncomingResponse {
  readonly #run: ComponentRun;
  readonly #head: HttpResponseHead;
  readonly #bytes: Uint8Array;
  #consumed = false;

  constructor(run: ComponentRun, head: HttpResponseHead, bytes: Uint8Array) {
    this.#run = run;
    this.#head = head;
    this.#bytes = bytes;
  }

  status(): number {
    return this.#head.status;
  }

  headers(): Fields {
    return Fields.ofHost(this.#head.headers);
  }

  consume(): Result<IncomingBody, undefined> {
    if (this.#consumed) return err(undefined);
    this.#consumed = true;
    return ok(new IncomingBody(this.#run, this.#head.body, this.#bytes));
  }

  [Symbol.dispose](): void {
    if (!this.#consumed && this.#head.body !== undefined)
      this.#run.send('http.close', { handle: this.#head.body });
  }
}

/** `wasi:http/types.incoming-body`. */
export class IncomingBody {
  readonly #run: ComponentRun;
  readonly #handle: number | undefined;
  #rest: Uint8Array;
  #streamed = false;
  #closed = false;

  constructor(run: ComponentRun, handle: number | undefined, bytes: Uint8Array) {
    this.#run = run;
    this.#handle = handle;
    this.#rest = bytes;
  }

  static finish(body: IncomingBody): FutureTrailers {
    body.#close();
    return new FutureTrailers(body.#run);
  }

  stream(): Result<InputStream, undefined> {
    if (this.#streamed) return err(undefined);
    this.#streamed = true;
    const take = (length: number): Uint8Array => {
      const part = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(part.byteLength);
      return part;
    };
    const source: ReadSource = (length) => {
      if (this.#rest.byteLength > 0 || this.#handle === undefined || this.#closed) return ok(take(length));
      return after(this.#run.call('http.read', { handle: this.#handle }), (answer) => {
        if (!answer.ok) return err('io');
        this.#rest = answer.bytes ?? new Uint8Array();
        if (isDone(answer)) this.#close();
        // An empty piece that is not the last would read as the end of the body.
        else if (this.#rest.byteLength === 0) return source(length);
        return ok(take(length));
      });
    };
    return ok(new InputStream(this.#run, source, () => this.#close()));
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  #close(): void {
    if (this.#closed || this.#handle === undefined) return;
    this.#closed = true;
    this.#run.send('http.close', { handle: this.#handle });
  }
}

/** The value of `http.read` is the host function's own, of the type its contract names. */
const isDone = ({ value }: HostAnswer & { ok: true }): boolean => (value as { done: boolean }).done;

/** `wasi:http/types.future-trailers`: we pass none on. */
export class FutureTrailers {
  readonly #run: ComponentRun;
  #taken = false;

  constructor(run: ComponentRun) {
    this.#run = run;
  }

  subscribe(): Pollable {
    return new Pollable(this.#run);
  }

  get(): Result<Result<undefined, HttpErrorCode>, undefined> {
    if (this.#taken) return err(undefined);
    this.#taken = true;
    return ok(ok(undefined));
  }
}

/** `wasi:http/types.future-incoming-response`. */
export class FutureIncomingResponse {
  readonly #run: ComponentRun;
  readonly #settled = Promise.withResolvers<void>();
  #response: Result<IncomingResponse, HttpErrorCode> | undefined;
  #taken = false;

  constructor(run: ComponentRun) {
    this.#run = run;
  }

  /** The host's answer to the request, now or later. */
  settle(answer: Eventually<HostAnswer>): void {
    const take = (settled: HostAnswer): void => {
      this.#response = settled.ok
        ? ok(
            // The value is the host function's own, of the type its contract names.
            new IncomingResponse(
              this.#run,
              settled.value as unknown as HttpResponseHead,
              settled.bytes ?? new Uint8Array(),
            ),
          )
        : err(httpErrorCode(settled));
      this.#settled.resolve();
    };
    if (answer instanceof Promise) this.#run.order.arrive(answer, take);
    else take(answer);
  }

  fail(code: HttpErrorCode): void {
    this.#response ??= err(code);
    this.#settled.resolve();
  }

  subscribe(): Pollable {
    return new Pollable(this.#run, {
      kind: 'promise',
      // Where the thread blocks, a request is sent when its body is complete, and nothing is left to wait for.
      settled: () => this.#response !== undefined || this.#run.mode === 'sync',
      wait: this.#settled.promise,
    });
  }

  get(): Result<Result<IncomingResponse, HttpErrorCode>, undefined> | undefined {
    this.#run.check();
    if (this.#response === undefined) return undefined;
    if (this.#taken) return err(undefined);
    this.#taken = true;
    return ok(this.#response);
  }
}
