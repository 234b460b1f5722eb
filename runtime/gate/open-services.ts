import type {
  AnyHostFunction,
  HostContext,
  HostService,
  MountView,
  ScratchFiles,
} from '../contracts/host-function.ts';

export interface ServicesOptions {
  /** Host function name → its part of the grant, as it parsed it. */
  readonly parts: ReadonlyMap<string, unknown>;
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  readonly context: Omit<HostContext, 'signal'>;
}

/** A part of the grant that its host function cannot open, e.g. for a folder that is not there. Misuse: whoever gave the grant is told `reason`. */
export class UnusablePart extends Error {
  readonly reason: TypeError | RangeError;

  constructor(reason: TypeError | RangeError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
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
  /** Opens those that the grant has a part for; if one cannot, none stays open. @throws {UnusablePart} */
  openGranted(): Promise<void>;
  /** Adds to `mounts` the folders that need no grant. */
  openFolders(): Promise<void>;
  /** The scratch folder of the first that has one. */
  scratch(): Promise<ScratchFiles | undefined>;
  /** The service of one host function, opened with the first call. */
  open(host: AnyHostFunction): HostService | Promise<HostService>;
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
  const open = (host: AnyHostFunction): HostService | Promise<HostService> => {
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
        throw error instanceof TypeError || error instanceof RangeError ? new UnusablePart(error) : error;
      }
    },
    async openFolders() {
      for (const host of hostFunctions.values()) {
        if (host.folders !== true || parts.has(host.name)) continue;
        mounts.push(...((await open(host)).mounts ?? []));
      }
    },
    async scratch() {
      for (const host of hostFunctions.values()) {
        if (host.folders !== true) continue;
        const { scratch } = await open(host);
        if (scratch !== undefined) return scratch;
      }
      return undefined;
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
