import { SandglassError } from '../../vocabulary/errors.ts';
import { unreachable } from './remote-errors.ts';
import type { HostOpening, HostTool, OpenHost, ToolHost } from './tool-host.ts';

export interface LinkOptions extends Omit<HostOpening, 'onChange' | 'onClosed'> {
  readonly open: OpenHost;
  readonly monotonic: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told what it offers, before anything of it is called: with each connection, and when it changes. */
  readonly onListed: (tools: readonly HostTool[]) => Promise<void>;
}

/** One server, whatever becomes of the connections to it. */
export interface ServerLink {
  /** The connection, opened anew where it is gone. @throws {SandglassError} at once while it is too early to try again. */
  use(): Promise<ToolHost>;
  readonly about: ToolHost['about'] | undefined;
  /** Why it could not be reached last. */
  readonly failure: SandglassError | undefined;
  close(): Promise<void>;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A connection that is gone sooner is one that failed. */
const SHORTEST_LIFE_MS = 5_000;
/** Between two readings of a list that keeps changing. */
const RELIST_MS = 1_000;

export function createServerLink(options: LinkOptions): ServerLink {
  const { open, settings, monotonic, sleep, onListed } = options;
  const { name, connectTimeoutMs } = settings;
  const ended = new AbortController();
  let host: ToolHost | undefined;
  let opening: Promise<ToolHost> | undefined;
  let about: ToolHost['about'] | undefined;
  let failure: SandglassError | undefined;
  let failures = 0;
  let notBefore = 0;
  let openedAt = 0;
  let relisting: Promise<void> | undefined;
  let isStale = false;

  const failed = (error: SandglassError): void => {
    failures += 1;
    failure = error;
    notBefore = monotonic() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  };
  /** Within the time that a server has to answer at all. */
  const inTime = async <T>(work: (signal: AbortSignal) => Promise<T>, what: string): Promise<T> => {
    const end = new AbortController();
    const stop = (): void => end.abort();
    ended.signal.addEventListener('abort', stop, { once: true });
    const late = sleep(connectTimeoutMs, end.signal).then(() => {
      end.abort();
      throw unreachable(
        what,
        name,
        ended.signal.aborted
          ? { reason: 'closed', told: 'the connection was ended', retryable: false }
          : { reason: 'timeout', told: `it took over ${connectTimeoutMs} ms`, retryable: true },
      );
    });
    late.catch(() => undefined); // when the work came first
    try {
      return await Promise.race([work(end.signal), late]);
    } finally {
      end.abort();
      ended.signal.removeEventListener('abort', stop);
    }
  };
  const onClosed = (opened: () => ToolHost | undefined) => (reason: string) => {
    if (host === undefined || host !== opened()) return;
    host = undefined;
    if (monotonic() - openedAt < SHORTEST_LIFE_MS)
      failed(unreachable('reach', name, { reason: 'closed', told: reason, retryable: true }));
  };
  const relist = async (of: ToolHost): Promise<void> => {
    do {
      isStale = false;
      await onListed(await inTime((signal) => of.list(signal), 'list the tools of'));
      await sleep(RELIST_MS, ended.signal);
    } while (isStale && !ended.signal.aborted);
  };
  const onChange = (): void => {
    isStale = true;
    const current = host;
    if (relisting !== undefined || current === undefined) return;
    relisting = relist(current)
      .catch(async (error: unknown) => {
        // What cannot be read again is not known any more: the next call connects anew.
        if (error instanceof SandglassError) failed(error);
        if (host === current) host = undefined;
        await current.close();
      })
      .finally(() => {
        relisting = undefined;
      });
  };
  const connect = async (): Promise<ToolHost> => {
    let opened: ToolHost | undefined;
    const lifetime = new AbortController();
    try {
      const fresh = await inTime(async (signal) => {
        // The time is over only for what has not come by then.
        signal.addEventListener('abort', () => {
          if (opened === undefined) lifetime.abort();
        });
        opened = await open({ ...options, onChange, onClosed: onClosed(() => opened) }, lifetime.signal);
        return opened;
      }, 'connect to');
      await onListed(await inTime((signal) => fresh.list(signal), 'list the tools of'));
      if (ended.signal.aborted) throw closedError(name);
      host = fresh;
      openedAt = monotonic();
      about = fresh.about;
      failures = 0;
      failure = undefined;
      return fresh;
    } catch (error) {
      lifetime.abort();
      await opened?.close();
      const known =
        error instanceof SandglassError
          ? error
          : unreachable('connect to', name, {
              reason: 'protocol',
              told: error instanceof Error ? error.message.slice(0, 500) : 'it failed',
              retryable: false,
            });
      failed(known);
      throw known;
    }
  };
  return {
    use() {
      if (ended.signal.aborted) return Promise.reject(closedError(name));
      if (host !== undefined) return Promise.resolve(host);
      if (opening !== undefined) return opening;
      const left = notBefore - monotonic();
      if (failure !== undefined && left > 0) return Promise.reject(tooEarly(name, failure, left));
      opening = connect().finally(() => {
        opening = undefined;
      });
      return opening;
    },
    get about() {
      return about;
    },
    get failure() {
      return failure;
    },
    async close() {
      ended.abort();
      await opening?.catch(() => undefined); // told to whoever asked for it
      await host?.close();
      host = undefined;
    },
  };
}

const closedError = (name: string): SandglassError =>
  unreachable('reach', name, { reason: 'closed', told: 'it is not mounted any more', retryable: false });

const tooEarly = (name: string, failure: SandglassError, leftMs: number): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', failure.message, {
    details: { ...failure.details, server: name, retryAfterMs: Math.ceil(leftMs) },
    hint: failure.hint ?? 'The same call may work later',
    retryable: failure.retryable,
  });
