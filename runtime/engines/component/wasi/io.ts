import { MIB } from '../../../vocabulary/units.ts';
import { after, type ComponentRun, type Eventually } from '../component-run.ts';
import { err, type FsErrorCode, ok, type Result } from './errors.ts';

/** `wasi:io/error`. */
export class IoError {
  readonly code: FsErrorCode;

  constructor(code: FsErrorCode) {
    this.code = code;
  }

  toDebugString(): string {
    return this.code;
  }
}

export type StreamError =
  | { readonly tag: 'last-operation-failed'; readonly val: IoError }
  | { readonly tag: 'closed' };

const failed = (code: FsErrorCode): Result<never, StreamError> =>
  err({ tag: 'last-operation-failed', val: new IoError(code) });
const closed = (): Result<never, StreamError> => err({ tag: 'closed' });

/** When a pollable is ready: always, at a time, or once a promise has settled. */
export type Readiness =
  | { readonly kind: 'always' }
  | { readonly kind: 'time'; readonly due: bigint }
  | { readonly kind: 'promise'; readonly settled: () => boolean; readonly wait: Promise<unknown> };

/** `wasi:io/poll.pollable`. */
export class Pollable {
  readonly #run: ComponentRun;
  readonly readiness: Readiness;

  constructor(run: ComponentRun, readiness: Readiness = { kind: 'always' }) {
    this.#run = run;
    this.readiness = readiness;
  }

  ready(): boolean {
    this.#run.check();
    return isReady(this.#run, this.readiness);
  }

  block(): Eventually<void> {
    return after(wait(this.#run, [this.readiness]), () => undefined);
  }
}

function isReady(run: ComponentRun, readiness: Readiness): boolean {
  if (readiness.kind === 'time') return run.nanoseconds() >= readiness.due;
  return readiness.kind === 'always' || readiness.settled();
}

const MAX_POLLED = 65_536;

/** `wasi:io/poll.poll`. */
function poll(run: ComponentRun, pollables: readonly Pollable[]): Eventually<Uint32Array> {
  if (pollables.length === 0) throw new RangeError('Cannot poll an empty list');
  if (pollables.length > MAX_POLLED) throw new RangeError(`Cannot poll more than ${MAX_POLLED} pollables`);
  return wait(
    run,
    pollables.map(({ readiness }) => readiness),
  );
}

/** Waits for the first to become ready; answers the places of all that are. */
function wait(run: ComponentRun, all: readonly Readiness[]): Eventually<Uint32Array> {
  run.check();
  const ready = all.flatMap((readiness, index) => (isReady(run, readiness) ? [index] : []));
  if (ready.length > 0) return Uint32Array.from(ready);
  const answered = run.order.next();
  if (answered !== undefined) return answered.then(() => wait(run, all));
  const promises = all.flatMap((readiness) => (readiness.kind === 'promise' ? [readiness.wait] : []));
  const next = all.reduce<bigint | undefined>((soonest, readiness) => {
    if (readiness.kind !== 'time') return soonest;
    return soonest === undefined || readiness.due < soonest ? readiness.due : soonest;
  }, undefined);
  const slept = next === undefined ? undefined : run.sleep(millisecondsUntil(run, next));
  const waited =
    promises.length > 0 && slept instanceof Promise
      ? Promise.race([slept, ...promises])
      : promises.length > 0
        ? Promise.race(promises)
        : slept;
  return after<unknown, Uint32Array>(waited, () => wait(run, all));
}

/** Rounded up, so that one sleep is enough; a run never outlives its deadline, so longer sleeps than that are cut. */
function millisecondsUntil(run: ComponentRun, due: bigint): number {
  const left = due - run.nanoseconds();
  const most = BigInt(run.spec.limits.timeoutMs) * 1_000_000n;
  return Math.max(
    Math.ceil(Number(left < most || run.spec.deterministic !== undefined ? left : most) / 1e6),
    0,
  );
}

/** Where an input stream takes its bytes from: at most `length`; none at the end. */
export type ReadSource = (length: number) => Eventually<Result<Uint8Array, FsErrorCode>>;
/** Where an output stream puts its bytes, which are given away. */
export type WriteSink = (bytes: Uint8Array) => Eventually<FsErrorCode | undefined>;

/** A guest asks for as much as it likes; it gets at most this a call. */
const MAX_READ = MIB;

const clampLength = (length: bigint, most: number): number => (length < BigInt(most) ? Number(length) : most);

/** `wasi:io/streams.input-stream`. */
export class InputStream {
  readonly #run: ComponentRun;
  readonly #source: ReadSource;
  readonly #release: () => void;
  #ended = false;

  constructor(run: ComponentRun, source: ReadSource, release: () => void = () => {}) {
    this.#run = run;
    this.#source = source;
    this.#release = release;
  }

  read(length: bigint): Eventually<Result<Uint8Array, StreamError>> {
    this.#run.check();
    if (this.#ended) return closed();
    const wanted = clampLength(length, Math.min(MAX_READ, this.#run.chunkBytes));
    if (wanted === 0) return ok(new Uint8Array());
    return after(this.#source(wanted), (answer) => {
      if (answer.tag === 'err') {
        this.#ended = true;
        return failed(answer.val);
      }
      if (answer.val.byteLength > 0) return ok(answer.val);
      this.#ended = true;
      return closed();
    });
  }

  blockingRead(length: bigint): Eventually<Result<Uint8Array, StreamError>> {
    return this.read(length);
  }

  skip(length: bigint): Eventually<Result<bigint, StreamError>> {
    return after(this.read(length), (answer) =>
      answer.tag === 'ok' ? ok(BigInt(answer.val.byteLength)) : answer,
    );
  }

  blockingSkip(length: bigint): Eventually<Result<bigint, StreamError>> {
    return this.skip(length);
  }

  subscribe(): Pollable {
    return new Pollable(this.#run);
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}

/** What `check-write` permits at a time. */
const WRITE_PERMIT = 64n * 1024n;

/** `wasi:io/streams.output-stream`. Nothing is buffered here, so flushing is done at once. */
export class OutputStream {
  readonly #run: ComponentRun;
  readonly #sink: WriteSink;
  readonly #release: () => void;
  #failed = false;

  constructor(run: ComponentRun, sink: WriteSink, release: () => void = () => {}) {
    this.#run = run;
    this.#sink = sink;
    this.#release = release;
  }

  checkWrite(): Result<bigint, StreamError> {
    this.#run.check();
    return this.#failed ? closed() : ok(WRITE_PERMIT);
  }

  write(contents: Uint8Array): Eventually<Result<undefined, StreamError>> {
    this.#run.check();
    if (this.#failed) return closed();
    const { byteLength } = contents;
    const next = (at: number): Eventually<Result<undefined, StreamError>> => {
      if (at >= byteLength) return ok(undefined);
      const part = contents.subarray(at, at + this.#run.chunkBytes);
      const end = at + part.byteLength;
      return after(this.#sink(part), (code) => {
        if (code === undefined) return next(end);
        this.#failed = true;
        return failed(code);
      });
    };
    return next(0);
  }

  blockingWriteAndFlush(contents: Uint8Array): Eventually<Result<undefined, StreamError>> {
    return this.write(contents);
  }

  flush(): Result<undefined, StreamError> {
    this.#run.check();
    return this.#failed ? closed() : ok(undefined);
  }

  blockingFlush(): Result<undefined, StreamError> {
    return this.flush();
  }

  subscribe(): Pollable {
    return new Pollable(this.#run);
  }

  writeZeroes(length: bigint): Eventually<Result<undefined, StreamError>> {
    if (length > WRITE_PERMIT)
      throw new RangeError(`Cannot write ${length} zeroes: ${WRITE_PERMIT} are permitted`);
    return this.write(new Uint8Array(Number(length)));
  }

  blockingWriteZeroesAndFlush(length: bigint): Eventually<Result<undefined, StreamError>> {
    return this.writeZeroes(length);
  }

  splice(source: InputStream, length: bigint): Eventually<Result<bigint, StreamError>> {
    const most = length < WRITE_PERMIT ? length : WRITE_PERMIT;
    return after(source.read(most), (answer) => {
      if (answer.tag === 'err') return answer;
      const length = BigInt(answer.val.byteLength);
      return after(this.write(answer.val), (written) => (written.tag === 'ok' ? ok(length) : written));
    });
  }

  blockingSplice(source: InputStream, length: bigint): Eventually<Result<bigint, StreamError>> {
    return this.splice(source, length);
  }

  [Symbol.dispose](): void {
    this.#release();
  }
}

/** `wasi:io/*`. */
export const ioInterfaces = (run: ComponentRun) => ({
  'wasi:io/error': { Error: IoError },
  'wasi:io/poll': { Pollable, poll: (pollables: readonly Pollable[]) => poll(run, pollables) },
  'wasi:io/streams': { InputStream, OutputStream },
});
