import { REACTIONS_SCRATCH } from './abi.ts';
import type { Pointer } from './engine-exports.ts';
import type { Machine } from './machine.ts';
import type { Reactions } from './machine-host.ts';

const VALUE_BYTES = 8;

export function createReactions(machine: () => Machine): Reactions {
  let ask: Pointer | undefined;
  /** What was put in a place: the engine takes a reference of its own, by which time the next ones are asked for. */
  let held: Pointer[] = [];
  const asked = (bound: Pointer, at: Pointer, then: boolean): Pointer | undefined => {
    const { call, duplicate, free, newNumber } = machine();
    const made = call(bound, [duplicate(at), ...(then ? [newNumber(1)] : [])]);
    if ('value' in made) return made.value;
    free(made.thrown); // no memory, or no stack: the callback itself is called, which then finds the same
    return undefined;
  };
  const copy = (value: Pointer, to: Pointer): void => {
    const bytes = machine().memory();
    bytes.copyWithin(to, value, value + VALUE_BYTES);
  };
  const hold = (values: Pointer[]): void => {
    const before = held;
    held = values;
    for (const value of before) machine().free(value);
  };
  return {
    track: (bound) => {
      ask = machine().duplicate(bound);
    },
    both: (at) => {
      if (ask === undefined) return 0;
      const first = asked(ask, at, false);
      const second = first === undefined ? undefined : asked(ask, at + VALUE_BYTES, false);
      if (first === undefined || second === undefined) return 0;
      hold([first, second]);
      copy(first, REACTIONS_SCRATCH);
      copy(second, REACTIONS_SCRATCH + VALUE_BYTES);
      return REACTIONS_SCRATCH;
    },
    method: (at) => {
      const then = ask === undefined ? undefined : asked(ask, at, true);
      if (then === undefined) return 0;
      hold([then]);
      copy(then, at);
      return 0;
    },
  };
}
