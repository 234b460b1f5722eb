import type { HostContext, HostFunction, HostService, MountView } from '../contracts/host-function.ts';
import type { JsonValue } from '../vocabulary/codec.ts';

export interface ServicesOptions {
  /** Host function name → its checked-in-form part of the grant. */
  readonly parts: ReadonlyMap<string, JsonValue>;
  readonly hostFunctions: ReadonlyMap<string, HostFunction>;
  readonly context: Omit<HostContext, 'signal'>;
}

/** What one run has open of host functions. */
export interface Services {
  readonly mounts: readonly MountView[];
  /** Where relative URLs of the guest start. */
  readonly base: string | undefined;
  /** Host functions that the grant has a part for. */
  readonly granted: readonly string[];
  readonly closed: boolean;
  /** Aborts when they close. */
  signal(): AbortSignal;
  /** Opens those that the grant has a part for; if one cannot, none stays open. */
  openGranted(): Promise<void>;
  /** Adds to `mounts` the folders that need no grant. */
  openFolders(): Promise<void>;
  /** The service of one host function, opened with the first call. */
  open(host: HostFunction): HostService | Promise<HostService>;
  /** Ends all of them. Idempotent. */
  close(): Promise<void>;
}

export function createServices({ parts, hostFunctions, context }: ServicesOptions): Services {
  /** Both are made with the first service: most runs open none. */
  let ended: AbortController | undefined;
  let full: HostContext | undefined;
  const services = new Map<string, HostService>();
  const opening = new Map<string, Promise<HostService>>();
  const mounts: MountView[] = [];
  const granted: string[] = [];
  let base: string | undefined;
  let closed: Promise<void> | undefined;

  const signal = (): AbortSignal => {
    ended ??= new AbortController();
    return ended.signal;
  };
  const open = (host: HostFunction): HostService | Promise<HostService> => {
    const ready = services.get(host.name) ?? opening.get(host.name);
    if (ready !== undefined) return ready;
    full ??= { ...context, signal: signal() };
    const service = host.open(parts.get(host.name), full);
    if (!(service instanceof Promise)) {
      services.set(host.name, service);
      return service;
    }
    const pending = service.then((value) => {
      services.set(host.name, value);
      opening.delete(host.name);
      return value;
    });
    opening.set(host.name, pending);
    return pending;
  };
  // One service that fails to close must not keep the others open; nothing of it reaches a guest any more.
  const closeOpen = async (): Promise<void> => {
    await Promise.allSettled([...services.values()].map(async (service) => service.close()));
  };

  return {
    mounts,
    granted,
    get base() {
      return base;
    },
    get closed() {
      return closed !== undefined;
    },
    signal,
    open,
    async openGranted() {
      try {
        for (const name of parts.keys()) {
          const host = hostFunctions.get(name);
          if (host === undefined) continue; // checkGrant has refused unknown names
          const service = await open(host);
          granted.push(name);
          mounts.push(...(service.mounts ?? []));
          base ??= service.base;
        }
      } catch (error) {
        await closeOpen();
        throw error;
      }
    },
    async openFolders() {
      for (const host of hostFunctions.values()) {
        if (host.folders !== true || parts.has(host.name)) continue;
        mounts.push(...((await open(host)).mounts ?? []));
      }
    },
    close() {
      closed ??= (async () => {
        ended?.abort();
        await Promise.allSettled(opening.values());
        await closeOpen();
      })();
      return closed;
    },
  };
}
