import type { Meter } from '../../wasm/meter.ts';
import { WASM_PAGE } from './abi.ts';
import { differenceOf, takeBack, writeDifference, writeImage } from './image.ts';
import { layoutOf } from './layout.ts';
import { createMachine, type Machine } from './machine.ts';
import type { MachineHost } from './machine-host.ts';

/** Instances of ended guests that a thread keeps: to make one, and to collect it, takes longer than a small program. */
const MOST_IDLE = 2;

/** What an instance is made for; it serves no other use. */
interface Use {
  readonly module: WebAssembly.Module;
  readonly library: boolean;
  readonly maximumPages: number;
  readonly suspends: boolean;
}

interface Idle extends Use {
  readonly machine: Machine;
}

/** All as they were made, and nobody's. */
const idle: Idle[] = [];

export interface MachineRequest {
  readonly module: WebAssembly.Module;
  /** With what Node and the web have beyond the prelude. */
  readonly library: boolean;
  /** Hard cap, bytes. */
  readonly memoryBytes: number;
  readonly suspends: boolean;
  readonly host: MachineHost;
  readonly meter: Pick<Meter, 'attach' | 'adopt' | 'leave'>;
}

/** An instance for one guest, as the build left it, and how to give it back. */
export interface LentMachine {
  /**
   * Where the guest lives now: another instance after each `putAway`.
   * @throws {Error} while it is put away.
   */
  readonly machine: Machine;
  /** Of its memory, wherever it is. */
  readonly memoryBytes: () => number;
  /** As the machine's own. */
  readonly growthRefused: () => boolean;
  /**
   * Puts it back to how it was made, for another guest. Once, after a guest that has ended by itself: no call into it may be under way or come,
   * and its meter is released. One that the guest has grown is dropped, as no memory gets smaller; so is one that gave up, or that was left
   * in the middle of a call.
   */
  giveBack(): void;
  /**
   * Keeps of a guest that waits what differs from how every guest starts, and lets the next one have its instance. No call into it may be under way.
   * @returns Brings the guest back, byte for byte, to be called before it goes on; `undefined` where it stays, for the reasons of `giveBack`.
   */
  putAway(): (() => void) | undefined;
}

export function takeMachine({ host, meter, memoryBytes, ...request }: MachineRequest): LentMachine {
  const use: Use = { ...request, maximumPages: Math.floor(memoryBytes / WASM_PAGE) };
  const { module, library } = use;
  const layout = layoutOf(module);
  const initialPages = library ? layout.library.pages : layout.pages;
  const initialBytes = initialPages * WASM_PAGE;
  const take = (): Machine => {
    const at = idle.findIndex((one) => isFor(one, use));
    const [found] = at < 0 ? [] : idle.splice(at, 1);
    if (found !== undefined) {
      found.machine.serve(host, meter.adopt);
      return found.machine;
    }
    const { suspends } = use;
    const { context, runtime } = layout;
    const { attach } = meter;
    const made = createMachine({
      module,
      memoryBytes,
      initialPages,
      context,
      runtime,
      host,
      attach,
      suspends,
    });
    writeImage(module, made.memory(), library);
    return made;
  };
  const isWhole = (one: Machine): boolean =>
    one.memoryBytes() === initialBytes &&
    one.aborted() === undefined &&
    one.exports.stackPointer.value === layout.stackTop;
  const offer = (one: Machine, clean: (memory: Uint8Array) => void): void => {
    if (idle.length >= MOST_IDLE) return;
    clean(one.memory());
    idle.push({ ...use, machine: one });
  };
  let present: Machine | undefined = take();
  let given = false;
  return {
    get machine() {
      if (present === undefined) throw new Error('Cannot go into an instance: its guest is put away');
      return present;
    },
    memoryBytes: () => present?.memoryBytes() ?? initialBytes,
    growthRefused: () => present?.growthRefused() ?? false,
    giveBack: () => {
      if (given || present === undefined) return;
      given = true;
      if (!isWhole(present)) return;
      present.leave(meter.leave); // which may still be charged for work that this guest has begun
      offer(present, (memory) => {
        memory.fill(0);
        writeImage(module, memory, library);
      });
    },
    putAway: () => {
      const left = present;
      if (given || left === undefined || !isWhole(left) || left.growthRefused()) return undefined;
      const difference = differenceOf(module, left.memory(), library);
      left.leave(meter.leave);
      present = undefined;
      offer(left, (memory) => takeBack(module, difference, memory, library));
      return () => {
        present = take();
        writeDifference(difference, present.memory());
      };
    },
  };
}

const isFor = (one: Idle, use: Use): boolean =>
  one.module === use.module &&
  one.library === use.library &&
  one.maximumPages === use.maximumPages &&
  one.suspends === use.suspends;
