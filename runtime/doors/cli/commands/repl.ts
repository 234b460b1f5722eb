import type { Command } from '../command.ts';
import { GRANT_FLAGS } from '../grant-flags.ts';
import { LIMIT_FLAGS, MODULE_FLAGS } from '../run-flags.ts';
import { TOOL_FLAGS } from '../tool-flags.ts';

export const replCommand: Command = {
  name: 'repl',
  summary: 'Try things line by line, in one kept guest',
  usage: '[FILE.wasm] [flags]',
  about: [
    'Reads code and shows its value; variables stay from line to line. What the flags grant holds for ' +
      'every line. Tab completes names, the arrow keys go through earlier lines, Ctrl-C stops what ' +
      'runs, Ctrl-D or .exit ends it.',
    'With a .wasm it keeps one instance of it, and a line calls an exported function: NAME(1, "two"). ' +
      '`.read OFFSET LENGTH` and `.write OFFSET TEXT` reach its memory.',
    'With a pipe as stdin it runs what comes through it, without prompts.',
  ],
  flags: [
    { name: 'lang', value: 'NAME', help: 'javascript, typescript or python. Default javascript.' },
    ...TOOL_FLAGS,
    ...GRANT_FLAGS,
    ...LIMIT_FLAGS,
    ...MODULE_FLAGS,
  ],
  examples: [
    'sandglass repl',
    'sandglass repl --lang=python --allow-read=./data',
    'sandglass repl text.wasm',
  ],
  // Much of it is of use here alone.
  run: async (context, parsed) => (await import('../repl/repl.ts')).repl(context, parsed),
};
