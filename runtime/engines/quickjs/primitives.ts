import { PRIMITIVES, type PrimitiveName } from './abi.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { callPrimitives } from './call-primitives.ts';
import type { Pointer } from './engine-exports.ts';
import { createGivenArguments } from './given-arguments.ts';
import { createHeldBytes, type HeldBytes } from './held-bytes.ts';
import type { DeriveKey } from './kdf-primitive.ts';
import type { GuestArguments } from './machine-host.ts';
import { nativePrimitives } from './native-primitives.ts';
import type { PrimitiveParts, Serve } from './primitive-parts.ts';
import {
  type ProgramPrimitives,
  type ProgramPrimitivesOptions,
  programPrimitives,
} from './program-primitives.ts';
import { textPrimitives } from './text-primitives.ts';

/** The host's side of the prelude's calls. */
export interface Primitives extends Pick<HeldBytes, 'peakBytes'>, Pick<ProgramPrimitives, 'settled'> {
  /** Never throws for anything a guest passes: a wrong argument is answered with `undefined`. */
  callHost(ref: number, args: GuestArguments): Pointer;
  readonly arrivals: Pick<Arrivals, 'take' | 'next' | 'pending'>;
  /** The run is over: native work that has not begun never does. */
  leave(): void;
}

export interface PrimitivesOptions
  extends Pick<PrimitiveParts, 'machine' | 'run' | 'host' | 'stop' | 'charge'>,
    ProgramPrimitivesOptions {
  /** Where the program may derive keys. */
  readonly deriveKey?: DeriveKey | undefined;
}

export function createPrimitives(options: PrimitivesOptions): Primitives {
  const { machine, run, charge, clock } = options;
  const { hostCallBytes, memoryBytes } = run.limits;
  const arrivals = createArrivals(hostCallBytes, clock.virtual);
  const held = createHeldBytes(machine, memoryBytes);
  const given = createGivenArguments(machine, hostCallBytes, charge);
  const parts: PrimitiveParts = { ...options, given, arrivals, held };
  const native = nativePrimitives(parts, options.deriveKey);
  const program = programPrimitives(parts, options);
  const serve: Serve<PrimitiveName> = {
    ...callPrimitives(parts),
    ...textPrimitives(parts),
    ...native.serve,
    ...program.serve,
  };
  const byRef = PRIMITIVES.map((name) => serve[name]);
  return {
    callHost: (ref, args) => byRef[ref]?.(args) ?? 0,
    arrivals,
    leave: native.leave,
    settled: program.settled,
    peakBytes: held.peakBytes,
  };
}
