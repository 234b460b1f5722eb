import type { Meter } from '../../wasm/meter.ts';
import { WASM_PAGE } from './abi.ts';
import { writeImage } from './image.ts';
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
  readonly meter: Pick<Meter, 'attach' | 'adopt'>;
}

/** An instance for one guest, as the build left it, and how to give it back. */
export interface LentMachine {
  readonly machine: Machine;
  /**
   * Puts it back to how it was made, for another guest. Once, after a guest that has ended by itself: no call into it may be under way or come,
   * and its meter is released. One that the guest has grown is dropped, as no memory gets smaller; so is one that gave up, or that was left
   * in the middle of a call.
   */
  giveBack(): void;
}

export function takeMachine({ host, meter, memoryBytes, ...request }: MachineRequest): LentMachine {
  const use: Use = { ...request, maximumPages: Math.floor(memoryBytes / WASM_PAGE) };
  const layout = layoutOf(use.module);
  const initialPages = use.library ? layout.library.pages : layout.pages;
  const at = idle.findIndex((one) => isFor(one, use));
  const [found] = at < 0 ? [] : idle.splice(at, 1);
  let machine: Machine;
  if (found === undefined) {
    const { module, suspends } = use;
    const { context, runtime } = layout;
    const { attach } = meter;
    machine = createMachine({ module, memoryBytes, initialPages, context, runtime, host, attach, suspends });
    writeImage(module, machine.memory(), use.library);
  } else {
    ({ machine } = found);
    machine.serve(host, meter.adopt);
  }
  let given = false;
  return {
    machine,
    giveBack: () => {
      if (given) return;
      given = true;
      const memory = machine.memory();
      const isWhole =
        memory.byteLength === initialPages * WASM_PAGE &&
        machine.aborted() === undefined &&
        machine.exports.stackPointer.value === layout.stackTop;
      if (!isWhole || idle.length >= MOST_IDLE) return;
      memory.fill(0);
      writeImage(use.module, memory, use.library);
      idle.push({ ...use, machine });
    },
  };
}

const isFor = (one: Idle, use: Use): boolean =>
  one.module === use.module &&
  one.library === use.library &&
  one.maximumPages === use.maximumPages &&
  one.suspends === use.suspends;
