import type { GuestHost } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Layout } from './abi.ts';
import { Ended } from './ended.ts';
import type { Pointer } from './engine-exports.ts';
import { explained } from './explained.ts';
import { type Described, guestError, uncaughtText } from './guest-error.ts';
import type { GuestHalt } from './guest-halt.ts';
import type { GuestSteps } from './guest-steps.ts';
import type { Loader } from './loader.ts';
import type { Machine } from './machine.ts';
import type { Program } from './program.ts';
import { stackWasFull } from './stack.ts';

/** What becomes of an error that the program has not caught. */
export interface Uncaught {
  /** Ends the run with an error that nobody caught. */
  threw(thrown: Pointer): Promise<never>;
  /** The same, unless a handler of the program takes it. */
  uncaught(thrown: Pointer): Promise<void>;
  /** Whether a handler of the program takes it. */
  taken(error: Pointer, rejected: boolean): Promise<boolean>;
  /** Ends the run with the error that the program's own promise was rejected with. */
  failed(): Promise<never>;
  /** Ends the run with an error of the host's own making. */
  fail(message: string): never;
}

export interface UncaughtOptions {
  readonly machine: Machine;
  readonly layout: Layout;
  readonly halt: GuestHalt;
  readonly host: Pick<GuestHost, 'write'>;
  readonly loader: Pick<Loader, 'shifts'>;
  readonly program: Program;
  readonly stackBytes: number;
  /** Only with the library has a program handlers. */
  readonly library: boolean;
  readonly steps: () => GuestSteps;
}

export function createUncaught(options: UncaughtOptions): Uncaught {
  const { machine, layout, halt, host, loader, program, stackBytes, library, steps } = options;
  /** The error says which limit the engine told of; whether it was reached, the host knows. */
  const limitReached = (told: Described['limit']): 'stack' | 'memory' | undefined => {
    if (told === 'stack' && stackWasFull(machine.memory(), layout.stackTop, stackBytes)) return 'stack';
    if (told === undefined || told === 'stack' || !machine.growthRefused()) return undefined;
    return told === 'memory' || !machine.hasRoom() ? 'memory' : undefined;
  };
  const endDescribed = (described: Described): never => {
    if (halt.exitCode !== undefined) throw new Ended({ kind: 'exit', exitCode: halt.exitCode });
    const error = explained(guestError(described, loader.shifts), program);
    host.write('stderr', new TextEncoder().encode(uncaughtText(error)));
    const limit = limitReached(described.limit);
    if (limit !== undefined) throw new Ended({ kind: 'limit', limit, error });
    throw new Ended({ kind: 'threw', error, ...defined({ refusalId: described.id }) });
  };
  const endWith = (text: string): never => endDescribed(JSON.parse(text) as Described); // our own prelude wrote it
  const threw = async (thrown: Pointer): Promise<never> =>
    endWith(await steps().callText('describe', [thrown]));
  const taken = async (error: Pointer, rejected: boolean): Promise<boolean> => {
    if (!library) return false;
    const { enter, call, release } = steps();
    const args = enter(() => [machine.duplicate(error), ...(rejected ? [machine.newNumber(1)] : [])]);
    const answer = await call('uncaught', args);
    const took = enter(() => machine.kind(answer) === 'boolean' && machine.isTrue(answer));
    release(answer);
    return took;
  };
  return {
    threw,
    taken,
    uncaught: async (thrown) => {
      if (!(await taken(thrown, false))) await threw(thrown);
      steps().enter(() => machine.free(thrown));
    },
    failed: async () => endWith(await steps().callText('failure')),
    fail: (message) => endDescribed({ name: 'Error', message, stack: '' }),
  };
}
