import { EVAL_ASYNC, EVAL_COMPILE_ONLY, EVAL_GLOBAL, EVAL_MODULE } from './abi.ts';
import { Ended } from './ended.ts';
import type { GuestRun } from './guest-run.ts';
import type { Completion } from './machine.ts';

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
  if ((await formOf(first)) === 'script') {
    await startScript(first);
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
  guest.release(
    await guest.call('trackModule', [guest.enter(() => guest.machine.newText(guest.program.filename))]),
  );
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

/** `auto`: what parses as a script is one. Only a text with the words of a module in it is parsed twice. */
async function formOf(guest: GuestRun): Promise<'script' | 'module'> {
  const { program, machine } = guest;
  if (program.form !== 'auto') return program.form;
  if (!/\b(?:import|export)\b/.test(program.code)) return 'script';
  const flags = EVAL_GLOBAL | EVAL_COMPILE_ONLY | (mayAwait(program.code) ? EVAL_ASYNC : 0);
  const parsed = await guest.run(() => machine.suspendable.evaluate(program.code, program.filename, flags));
  if ('value' in parsed) {
    guest.release(parsed.value);
    return 'script';
  }
  guest.enter(() => machine.free(parsed.thrown));
  return 'module';
}

/** `await (x)` is a call in a script without top-level await, so the form with it is tried first where the word occurs. */
const mayAwait = (code: string): boolean => /\bawait\b/.test(code);

async function startScript(guest: GuestRun): Promise<void> {
  const { program, machine, loader } = guest;
  const evaluate = (flags: number): Promise<Completion> =>
    guest.run(() => machine.suspendable.evaluate(program.code, program.filename, flags));
  loader.endLinking();
  if (mayAwait(program.code)) {
    const parsed = await evaluate(EVAL_GLOBAL | EVAL_ASYNC | EVAL_COMPILE_ONLY);
    guest.enter(() => machine.free('value' in parsed ? parsed.value : parsed.thrown));
    if ('value' in parsed) {
      const waiting = await evaluate(EVAL_GLOBAL | EVAL_ASYNC);
      if ('thrown' in waiting) await guest.threw(waiting.thrown);
      else guest.release(await guest.call('trackScript', [waiting.value]));
      return;
    }
  }
  guest.mustSettle = false;
  const done = await evaluate(EVAL_GLOBAL);
  if ('thrown' in done) await guest.threw(done.thrown);
  else guest.release(await guest.call('trackValue', [done.value]));
}
