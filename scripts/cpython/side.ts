import { type Line, MARK } from './program.ts';

/** Test → `pass`, `skip: why`, `fail: why`, `error: why` or `ended: why the interpreter did not outlive it`. */
export type Outcomes = ReadonlyMap<string, string>;

/** How an interpreter that was to run tests has ended: `undefined` when it did so by itself, else why. */
export type Ended = string | undefined;

/** One of the two that are compared: runs Python text in a fresh interpreter and passes on what it prints. */
export interface Side {
  readonly name: string;
  /** Never rejects. Ends the interpreter when `signal` fires. */
  run(program: string, signal: AbortSignal, take: (text: string) => void): Promise<Ended>;
}

/** An interpreter that tells nothing for so long is ended, ms. */
const IDLE_MS = 60_000;
/** An interpreter may take so long to start and import its tests, ms: the first one also makes its snapshot. */
const START_MS = 180_000;
/** Tests of one module that may end their interpreter before it is given up. */
const MAX_ENDS = 25;

/**
 * Runs the tests of one module; where one ends the interpreter, the rest in another.
 * @param programOf The program that leaves out the tests that have ended before.
 * @param tell Takes what is to be said while it runs.
 */
export async function runModule(
  side: Side,
  module: string,
  programOf: (ended: Iterable<string>) => string,
  tell: (message: string) => void,
): Promise<Outcomes> {
  const outcomes = new Map<string, string>();
  for (let ends = 0; ends <= MAX_ENDS; ends++) {
    const before = outcomes.size;
    const { why, running, done } = await runOnce(side, programOf(outcomes.keys()), outcomes);
    if (done) return outcomes;
    const isAtImport = running === undefined && outcomes.size === before;
    const [test, end] = [running ?? `test.${module}`, why ?? 'by itself, before it had run all tests'];
    outcomes.set(test, `ended: ${end}`);
    tell(`${side.name}: ${test} has ended its interpreter: ${end}`);
    if (isAtImport) return outcomes; // another would end there, too
  }
  outcomes.set(
    `test.${module}`,
    `ended: ${MAX_ENDS + 1} tests have ended their interpreter, the rest was not run`,
  );
  return outcomes;
}

async function runOnce(
  side: Side,
  program: string,
  outcomes: Map<string, string>,
): Promise<{ readonly why: Ended; readonly running: string | undefined; readonly done: boolean }> {
  const idle = new AbortController();
  let timer = setTimeout(() => idle.abort(), START_MS);
  let [rest, running, done] = ['', undefined as string | undefined, false];
  const why = await side.run(program, idle.signal, (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith(MARK)) continue;
      clearTimeout(timer);
      timer = setTimeout(() => idle.abort(), IDLE_MS);
      const told = JSON.parse(line.slice(MARK.length)) as Line; // the program writes it
      if (told.start !== undefined) running = told.start;
      if (told.test !== undefined) {
        outcomes.set(told.test, told.outcome ?? '');
        if (told.test === running) running = undefined;
      }
      done ||= told.done === true;
    }
  });
  clearTimeout(timer);
  return { why: idle.signal.aborted ? 'told nothing for too long' : why, running, done };
}
