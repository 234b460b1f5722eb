import type { GuestHost, RunSpec, StopReason } from '../../contracts/engine.ts';
import type { PrimitiveName } from './abi.ts';
import type { Arrivals } from './arrivals.ts';
import type { Pointer } from './engine-exports.ts';
import type { GivenArguments } from './given-arguments.ts';
import type { HeldBytes } from './held-bytes.ts';
import type { Machine } from './machine.ts';
import type { GuestArguments } from './machine-host.ts';

/** What serves the calls of the prelude: a wrong argument is answered with 0, which is `undefined`. */
export type Serve<Names extends PrimitiveName> = Readonly<Record<Names, (args: GuestArguments) => Pointer>>;

/** What the primitives of one run share. */
export interface PrimitiveParts {
  readonly machine: () => Machine;
  readonly run: RunSpec;
  readonly host: GuestHost;
  /** Stops the guest before it runs on. */
  readonly stop: (reason: StopReason) => void;
  /** Bills native work on so many bytes: whatever is done outside the guest's own wasm, before it is done. */
  readonly charge: (bytes: number) => void;
  readonly given: GivenArguments;
  readonly arrivals: Arrivals;
  readonly held: HeldBytes;
}
