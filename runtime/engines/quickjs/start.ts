import { EVAL_ASYNC, EVAL_COMPILE_ONLY, EVAL_GLOBAL, EVAL_MODULE, EVAL_STRICT } from './abi.ts';
import { Ended } from './ended.ts';
import type { Pointer } from './engine-exports.ts';
import type { Described } from './guest-error.ts';
import type { GuestRun } from './guest-run.ts';
import type { Completion } from './machine.ts';
import { isCommonJs } from './module-text.ts';
import { moduleAsScript, RETURNING, redeclarable } from './rewrite.ts';

/** Most rounds of reading files that the static imports of a program need: as deep as a graph of imports may be. */
const MOST_ROUNDS = 64;

/**
 * Starts the program in the form it is written in. Where the thread cannot block, files that a module imports are read first, and the
 * module is linked again from the start in a fresh instance: `restart` gives one. A guest that is kept has none to give.
 * @returns the run to go on with.
 */
export async function startProgram(
  first: GuestRun,
  restart: (() => Promise<GuestRun>) | undefined,
): Promise<GuestRun> {
  const script = await scriptOf(first);
  if (script !== undefined) {
    await startScript(first, script);
    return first;
  }
  let guest = first;
  for (let round = 0; ; round++) {
    const linked = await link(guest);
    const missing = guest.loader.takeMissing();
    if (missing.length === 0 || round >= MOST_ROUNDS) {
      if ('thrown' in linked) await guest.threw(linked.thrown);
      break;
    }
    if (restart === undefined) {
      throw new Ended({
        kind: 'invalid',
        code: 'UNSUPPORTED',
        message: `Cannot import ${JSON.stringify(missing[0])}: a session in the host's own thread cannot wait for a file`,
        hint: 'Pass the source in modules, or open the session at isolation level standard',
      });
    }
    await Promise.all(missing.map((name) => guest.loader.fetch(name)));
    const { files } = guest.loader;
    guest = await restart();
    for (const [name, answer] of files) guest.loader.files.set(name, answer);
  }
  guest.loader.endLinking();
  guest.release(await guest.call('trackModule', [guest.giveText(guest.program.filename)]));
  return guest;
}

/** Parses the module and all it imports; nothing of it runs. */
const link = (guest: GuestRun): Promise<Completion> => {
  const { program, loader, machine } = guest;
  const source = loader.load(program.filename);
  const text = typeof source === 'string' ? source : program.code;
  return guest.run(() =>
    machine.suspendable.evaluate(text, program.filename, EVAL_MODULE | EVAL_COMPILE_ONLY),
  );
};

/**
 * The text of what is a script, or `undefined` for a module. `auto`: what parses as a script is one, and so is a module that asks for a value by
 * its last expression. Only a text with the words of a module in it is parsed twice.
 */
async function scriptOf(guest: GuestRun): Promise<string | undefined> {
  const { program, machine, loader } = guest;
  const { code, filename, form } = program;
  if (form !== 'auto') return form === 'script' ? code : undefined;
  if (!/\b(?:import|export)\b/.test(code)) return code;
  const parses = async (text: string, flags: number): Promise<boolean> => {
    const all = EVAL_GLOBAL | EVAL_COMPILE_ONLY | flags;
    const parsed = await guest.run(() => machine.suspendable.evaluate(text, filename, all));
    guest.enter(() => machine.free('value' in parsed ? parsed.value : parsed.thrown));
    return 'value' in parsed;
  };
  if (await parses(code, mayAwait(code) ? EVAL_ASYNC : 0)) return code;
  if (isCommonJs(filename.endsWith('.cjs') ? filename : '', code)) return code;
  const script = moduleAsScript(code, loader.isAtHand);
  if (script === undefined) return undefined;
  return (await parses(script, EVAL_ASYNC)) || /\breturn\b/.test(script) ? script : undefined;
}

/** `await (x)` is a call in a script without top-level await, so the form with it is tried first where the word occurs. */
const mayAwait = (code: string): boolean => /\bawait\b/.test(code);

/** The frame of an error that the parser found, and no function is on the way to it. */
const UNPARSED = /^\s{0,8}at [^(\n]{1,4096}:\d{1,10}:\d{1,10}\s{0,4}$/;
const RETURN_OUTSIDE = 'Illegal return statement';

async function startScript(guest: GuestRun, text: string): Promise<void> {
  const { program, machine, loader } = guest;
  const code = guest.keeps ? redeclarable(text) : text;
  // A module is strict, also where it runs as a script for the value of its last expression.
  const strict = text !== program.code || /\.m[jt]s$/.test(program.filename) ? EVAL_STRICT : 0;
  const evaluate = (flags: number, given = code): Promise<Completion> =>
    guest.run(() => machine.suspendable.evaluate(given, program.filename, flags | strict));
  /** Frees an error of the parser; answers whether it found a `return` outside of functions. */
  const returns = async (thrown: Pointer): Promise<boolean> => {
    const told = JSON.parse(await guest.callText('describe', [thrown])) as Described; // our own prelude wrote it
    return told.message === RETURN_OUTSIDE && UNPARSED.test(told.stack);
  };
  const asFunction = async (): Promise<void> => {
    loader.shifts.set(program.filename, RETURNING.head.length);
    const done = await evaluate(EVAL_GLOBAL, RETURNING.head + code + RETURNING.tail);
    if ('thrown' in done) await uncaught(done.thrown);
    else guest.release(await guest.call('trackValue', [done.value]));
  };
  /** Of a program that a handler of its own goes on for. */
  const uncaught = async (thrown: Pointer): Promise<void> => {
    await guest.uncaught(thrown);
    guest.mustSettle = false;
  };
  loader.endLinking();
  if (mayAwait(code)) {
    const parsed = await evaluate(EVAL_GLOBAL | EVAL_ASYNC | EVAL_COMPILE_ONLY);
    if ('value' in parsed) {
      guest.enter(() => machine.free(parsed.value));
      const waiting = await evaluate(EVAL_GLOBAL | EVAL_ASYNC);
      if ('thrown' in waiting) await uncaught(waiting.thrown);
      else guest.release(await guest.call('trackScript', [waiting.value]));
      return;
    }
    if (/\breturn\b/.test(code) && (await returns(guest.enter(() => machine.duplicate(parsed.thrown)))))
      return asFunction();
    const plain = await evaluate(EVAL_GLOBAL | EVAL_COMPILE_ONLY);
    if ('thrown' in plain) {
      // In neither form: what is wrong with the one that may wait is told.
      guest.enter(() => machine.free(plain.thrown));
      await guest.threw(parsed.thrown);
    } else guest.enter(() => [plain.value, parsed.thrown].forEach(machine.free));
  }
  guest.mustSettle = false;
  const done = await evaluate(EVAL_GLOBAL);
  if ('value' in done) guest.release(await guest.call('trackValue', [done.value]));
  else if (/\breturn\b/.test(code) && (await returns(guest.enter(() => machine.duplicate(done.thrown))))) {
    guest.mustSettle = true;
    return asFunction();
  } else await uncaught(done.thrown);
}
