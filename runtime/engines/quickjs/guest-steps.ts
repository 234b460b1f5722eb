import type { Arrived } from '../../vocabulary/bytes.ts';
import type { EntryName, Layout } from './abi.ts';
import { Ended } from './ended.ts';
import type { Pointer } from './engine-exports.ts';
import type { GuestHalt } from './guest-halt.ts';
import { type Machine, MachineFull } from './machine.ts';
import type { ValueKind } from './machine-values.ts';

/** The ways into a guest. What the host knows decides before what the guest answered. */
export interface GuestSteps {
  /** Does one step inside the guest that runs none of its code. @throws {Ended} when that ended the run. */
  enter<T>(step: () => T): T;
  /** Does one step that runs code of the guest. @throws {Ended} when that ended the run, or it has ended already. */
  run<T>(step: () => Promise<T>): Promise<T>;
  /** Calls a function of the prelude. */
  call(entry: EntryName, args?: readonly Pointer[]): Promise<Pointer>;
  callText(entry: EntryName, args?: readonly Pointer[]): Promise<string>;
  /** Hands in a text of the host's, whole. @throws {Ended} where the guest's memory has no room for it: in its place the guest would find a zero. */
  giveText(text: string): Pointer;
  /** The same with bytes, which are freed outside. */
  giveBytes(arrived: Arrived): Pointer;
  /** Frees a value that the host has done with. Only a kept guest needs it: any other is dropped with all it holds. */
  release(value: Pointer): void;
}

export interface GuestStepsOptions {
  readonly machine: Machine;
  readonly entries: Layout['entries'];
  readonly halt: GuestHalt;
  readonly keeps: boolean;
  /** The prelude itself threw. */
  readonly threw: (thrown: Pointer) => Promise<never>;
}

export function createGuestSteps({ machine, entries, halt, keeps, threw }: GuestStepsOptions): GuestSteps {
  const enter = <T>(step: () => T): T => {
    let answer: T;
    try {
      answer = step();
    } catch (error) {
      throw halt.ended(error);
    }
    halt.check();
    return answer;
  };
  const run = async <T>(step: () => Promise<T>): Promise<T> => {
    halt.check();
    let answer: T;
    try {
      answer = await step();
    } catch (error) {
      throw halt.ended(error);
    }
    halt.check();
    return answer;
  };
  const given = (value: Pointer, kind: ValueKind): Pointer => {
    if (value === 0 || machine.kind(value) !== kind) throw new MachineFull();
    return value;
  };
  const release = (value: Pointer): void => {
    if (keeps) enter(() => machine.free(value));
  };
  const call: GuestSteps['call'] = async (entry, args = []) => {
    const completion = await run(() => machine.suspendable.call(entries[entry], args));
    return 'value' in completion ? completion.value : threw(completion.thrown);
  };
  return {
    enter,
    run,
    giveText: (text) => enter(() => given(machine.newText(text), 'string')),
    giveBytes: (arrived) => enter(() => given(machine.takeBytes(arrived), 'object')),
    release,
    call,
    callText: async (entry, args = []) => {
      const value = await call(entry, args);
      const text = await run(() => machine.suspendable.readText(value));
      if (text === undefined) throw new Ended({ kind: 'limit', limit: 'memory' });
      release(value);
      return text;
    },
  };
}
