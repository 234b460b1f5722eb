import type { ModuleSettings, RealmPort } from '../contract.ts';

/** The interpreter's memory, as the realm may use it. */
export interface KeptMemory {
  bytes(): number;
  /** As it is now; it is another one after each growth. */
  buffer(): ArrayBuffer;
  /** What it may grow to, bytes. */
  setLimit(bytes: number): void;
  /** Stands for it wherever the glue uses it; the real one stays here, so that the limit cannot be gone round. */
  readonly guarded: object;
  /** The real one, for what is instantiated. */
  real(): WebAssembly.Memory | undefined;
  /** For the one instance of the interpreter. @throws {Error} for a second. */
  take(): WebAssembly.Memory;
  /** What the C library asks for. */
  growHeap(settings: ModuleSettings, requested: number): boolean;
  /** It serves another from now on: whoever still asks for it here gets none. */
  end(): void;
}

/** Runs inside the guest's realm; see `bootRealm`. */
export function keepMemory(given: WebAssembly.Memory, port: Pick<RealmPort, 'refusedGrowth'>): KeptMemory {
  const { apply, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const Buffer = ArrayBuffer;
  const Failure = Error;
  const Range = RangeError;
  const Whole = Number;
  const { Memory } = WebAssembly;
  const memoryBuffer = getOwnPropertyDescriptor(Memory.prototype, 'buffer')?.get;
  const memoryGrow = Memory.prototype.grow;
  const lengthOf = getOwnPropertyDescriptor(Buffer.prototype, 'byteLength')?.get;
  if (memoryBuffer === undefined || lengthOf === undefined)
    throw new Failure('the realm lacks WebAssembly.Memory');

  const PAGE = 65_536;
  let maxMemoryBytes = 0;
  let unused: WebAssembly.Memory | undefined = given;
  let memory: WebAssembly.Memory | undefined;
  const buffer = (): ArrayBuffer => apply(memoryBuffer, memory, []) as ArrayBuffer; // never shared: the module declares its own memory
  const bytes = (): number => (memory === undefined ? 0 : (apply(lengthOf, buffer(), []) as number));
  return {
    bytes,
    buffer,
    setLimit: (limit) => {
      maxMemoryBytes = limit;
    },
    guarded: {
      get buffer(): ArrayBuffer {
        return buffer();
      },
      grow: (pages: unknown): number => {
        const more = Whole(pages) >>> 0;
        if (bytes() + more * PAGE > maxMemoryBytes) throw new Range('memory limit reached');
        try {
          return apply(memoryGrow, memory, [more]) as number;
        } catch {
          throw new Range('memory limit reached');
        }
      },
    },
    real: () => memory,
    take: () => {
      const mine = unused;
      unused = undefined;
      if (mine === undefined) throw new Failure('not allowed here');
      // It takes away what anybody has of its bytes, and makes a buffer of this realm for them.
      apply(memoryGrow, mine, [0]);
      if (getPrototypeOf(apply(memoryBuffer, mine, []) as object) !== Buffer.prototype)
        throw new Failure('the memory has a buffer of another realm');
      memory = mine;
      return mine;
    },
    growHeap: (settings, requested) => {
      const wanted = requested >>> 0;
      const grow = settings.growMemory;
      if (grow !== undefined && wanted <= maxMemoryBytes) {
        // A fifth more than asked saves later growths; near the cap, exactly what was asked.
        const generous = Math.min(maxMemoryBytes, Math.max(wanted, Math.floor(bytes() * 1.2)));
        for (const size of [generous, wanted]) {
          if (grow(Math.ceil(size / PAGE) * PAGE) === 1) return true;
        }
      }
      port.refusedGrowth();
      return false;
    },
    end: () => {
      unused = undefined;
      memory = undefined;
    },
  };
}
