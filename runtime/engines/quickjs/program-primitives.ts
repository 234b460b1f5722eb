import { EVAL_GLOBAL, PRELUDE_FILE } from './abi.ts';
import type { Clock } from './clock.ts';
import type { CommonJs } from './common-js.ts';
import type { Reactions } from './machine-host.ts';
import type { PrimitiveParts, Serve } from './primitive-parts.ts';

export interface ProgramPrimitivesOptions {
  readonly clock: Clock;
  /** The program ends itself. */
  readonly exit: (code: number) => void;
  readonly commonJs: CommonJs;
  readonly reactions: Reactions;
  /** Text of a part of the library. */
  readonly part: (name: string) => string | undefined;
}

export interface ProgramPrimitives {
  readonly serve: Serve<
    | 'now'
    | 'monotonic'
    | 'remaining'
    | 'settled'
    | 'exit'
    | 'resolve'
    | 'compile'
    | 'part'
    | 'promiseState'
    | 'promiseResult'
    | 'trackAsync'
  >;
  /** Whether the program itself has ended, and well. */
  readonly settled: () => 'value' | 'failure' | undefined;
}

/** The program itself: its time, its modules, its promises and its end. */
export function programPrimitives(
  { machine, run, given }: PrimitiveParts,
  { clock, exit, commonJs, reactions, part }: ProgramPrimitivesOptions,
): ProgramPrimitives {
  let settled: 'value' | 'failure' | undefined;
  return {
    settled: () => settled,
    serve: {
      now: () => machine().newNumber(clock.now()),
      monotonic: () => machine().newNumber(clock.monotonic()),
      remaining: () => machine().newNumber(Math.max(0, run.limits.timeoutMs - clock.elapsed())),
      settled: (args) => {
        settled ??= given.number(args, 0) === 1 ? 'value' : 'failure';
        return 0;
      },
      exit: (args) => {
        const code = given.number(args, 0);
        exit(Number.isInteger(code) ? code & 0xff : 1);
        return 0;
      },
      resolve: (args) => {
        const base = given.text(args, 0);
        const specifier = given.text(args, 1);
        if (base === undefined || specifier === undefined) return 0;
        return machine().newText(JSON.stringify(commonJs.resolve(base, specifier)));
      },
      compile: (args) => {
        const name = given.text(args, 0);
        return name === undefined ? 0 : commonJs.compile(name);
      },
      part: (args) => {
        const name = given.text(args, 0);
        const code = name === undefined ? undefined : part(name);
        if (code === undefined) return 0;
        const made = machine().evaluate(code, PRELUDE_FILE, EVAL_GLOBAL);
        return 'value' in made ? made.value : made.thrown;
      },
      promiseState: (args) => machine().newNumber(args.count === 0 ? 0 : machine().promiseState(args.at(0))),
      promiseResult: (args) => (args.count === 0 ? 0 : machine().promiseResult(args.at(0))),
      trackAsync: (args) => {
        if (args.count > 0 && machine().kind(args.at(0)) === 'object') reactions.track(args.at(0));
        return 0;
      },
    },
  };
}
