import type { Command } from '../command.ts';
import { PACKAGE_FLAGS } from '../package-flags.ts';
import { RUN_FLAGS } from '../run-flags.ts';

/** Those of `run` that say something of a profile. */
const LEFT_OUT: readonly string[] = ['quiet', 'exit-code', 'trace', 'trace-grants', 'json', 'get'];

export const profileCommand: Command = {
  name: 'profile',
  summary: 'Run a file, and show where its time went',
  usage: 'FILE [flags] [-- guest arguments]',
  about: [
    'Runs FILE as sandglass run does, and prints what took longest: the stages of the run, its calls ' +
      'of the host by operation, and of a Python program its functions, by cProfile. The table is ' +
      'sorted by time, what was called from within included.',
    'Functions of other languages are not told. A profile makes a Python program slower.',
  ],
  flags: [
    ...RUN_FLAGS.filter(({ name }) => !LEFT_OUT.includes(name)),
    ...PACKAGE_FLAGS,
    { name: 'top', value: 'N', help: 'Rows of the table, 1 to 1000. Default 10.' },
    { name: 'lang', value: 'NAME', help: 'What the file is: javascript, typescript, python, shell or wasm.' },
    { name: 'json', help: 'Print one JSON object: rows, ok, error, usage.' },
  ],
  examples: [
    'sandglass profile report.py --allow-read=./data:/data',
    'sandglass profile main.ts --top=5 --json',
  ],
  run: async (context, parsed) => (await import('../profile.ts')).profile(context, parsed),
};
