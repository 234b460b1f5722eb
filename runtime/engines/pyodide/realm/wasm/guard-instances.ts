import type { RealmPort } from '../contract.ts';
import type { KeptMemory } from './keep-memory.ts';

/** What the realm may compile and instantiate, and what it sees of it. */
export interface InstanceGuard {
  /** In the place of `WebAssembly.Module`: compiles only what the host approves. */
  readonly approvedModule: (this: unknown, source: unknown) => WebAssembly.Module;
  /** In the place of `WebAssembly.Instance`. */
  readonly approvedInstance: (
    this: unknown,
    of: WebAssembly.Module,
    imports: Record<string, Record<string, unknown>>,
  ) => WebAssembly.Instance;
  /** Gives an instance to the host, and the rest of its exports to the glue. */
  visibleExports(instance: WebAssembly.Instance): Record<string, unknown>;
  /** Puts a function of this realm before the meter's in the refill table of each instance. */
  guardRefill(name: string, slot: number, stop: number, main: WebAssembly.Instance | undefined): void;
  /** A refill came at the end of the stack. */
  overflowed(): boolean;
  end(): void;
}

/** Runs inside the guest's realm; see `bootRealm`. */
export function guardInstances(
  port: Pick<RealmPort, 'approve' | 'attach'>,
  memory: KeptMemory,
  copyOf: (view: unknown) => ArrayBuffer,
): InstanceGuard {
  const { apply, ownKeys } = Reflect;
  const Bytes = Uint8Array;
  const Failure = Error;
  const sliceText = String.prototype.slice;
  const { Instance, Module } = WebAssembly;

  const guarded: WebAssembly.Instance[] = [];
  /** Set with the run: how the rewriter calls its table, and what in it the meter has put where. */
  let refillTable = '';
  let refillSlot = 0;
  let refillStop = 1;
  let overflowed = false;
  let thunk: WebAssembly.Module | undefined;
  const guardCallback = (instance: WebAssembly.Instance): void => {
    const table = instance.exports[refillTable] as WebAssembly.Table; // the rewriter's own export
    const refill = table.get(refillSlot) as () => number; // put there by the meter
    // Run at the end of the stack, the host's callback would throw an error of the host's realm into this one.
    const guardedRefill = (): number => {
      try {
        return apply(refill, undefined, []);
      } catch {
        overflowed = true;
        return refillStop;
      }
    };
    // A module that imports one function `() -> i32` and exports it: a table takes only functions of wasm.
    thunk ??= new Module(
      new Bytes([
        0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 2, 7, 1, 1, 101, 1, 102, 0, 0, 7, 5, 1, 1, 102,
        0, 0,
      ]),
    );
    table.set(refillSlot, new Instance(thunk, { e: { f: guardedRefill } }).exports.f);
  };
  const visibleExports = (instance: WebAssembly.Instance): Record<string, unknown> => {
    const exports: Record<string, unknown> = { __proto__: null } as unknown as Record<string, unknown>;
    const hidden = port.attach(instance);
    const all = instance.exports;
    for (const name of ownKeys(all) as string[]) // no export is named by a symbol
      if (apply(sliceText, name, [0, hidden.length]) !== hidden) exports[name] = all[name];
    return exports;
  };
  /** The glue's imports look their names up as they are asked for: only the memory may be answered differently. */
  const withMemory = (part: Record<string, unknown>): Record<string, unknown> =>
    new Proxy(part, { get: (target, name) => (name === 'memory' ? memory.real() : target[name as string]) });
  return {
    approvedModule: function (this: unknown, source) {
      const bytes = copyOf(source);
      if (!port.approve(bytes)) throw new Failure('compiling WebAssembly is not allowed here');
      return new Module(bytes);
    },
    approvedInstance: function (this: unknown, of, imports) {
      const own: Record<string, unknown> = { __proto__: null } as unknown as Record<string, unknown>;
      for (const name of ownKeys(imports)) {
        const part = imports[name as string];
        // Only `env` holds the memory; in the glue's other parts, a name that is looked up is a symbol that is missed.
        own[name as string] = name === 'env' && part?.memory === memory.guarded ? withMemory(part) : part;
      }
      const instance = new Instance(of, own as WebAssembly.Imports); // the glue's own imports, with the real memory where it gave the guarded one
      // Before the run, the glue starts small helpers of its own, which need no meter.
      if (refillTable === '' || instance.exports[refillTable] === undefined) return instance;
      const exports = visibleExports(instance);
      guarded[guarded.length] = instance;
      guardCallback(instance);
      return { exports } as WebAssembly.Instance; // the glue takes nothing but the exports of it
    },
    visibleExports,
    guardRefill: (name, slot, stop, main) => {
      refillTable = name;
      refillSlot = slot;
      refillStop = stop;
      if (main !== undefined) guardCallback(main);
      for (let index = 0; index < guarded.length; index++) {
        const instance = guarded[index];
        if (instance !== undefined) guardCallback(instance);
      }
    },
    overflowed: () => overflowed,
    end: () => {
      guarded.length = 0;
    },
  };
}
