import type { Command } from '../command.ts';
import { GRANT_FLAGS } from '../grant-flags.ts';
import { SOURCE_FLAGS } from '../package-flags.ts';
import { POLICY_FLAG } from '../policy-flag.ts';
import { LIMIT_FLAGS, MODULE_FLAGS } from '../run-flags.ts';
import { TOOL_FLAGS } from '../tool-flags.ts';

export const callCommand: Command = {
  name: 'call',
  summary: 'Call a tool with JSON and print its value',
  usage: 'NAME|FILE[#NAME] [JSON|@FILE|-] [flags]',
  about: [
    'Calls a tool that ships or one of --tools by its name, or the tool of a FILE: a .wasm, a .js, ' +
      '.ts or .py with a manifest, or a folder that is one tool. The arguments are one JSON object; a ' +
      'pipe is read without "-". The value goes to stdout: text as it is, anything else as a line of ' +
      'JSON. What the tool prints goes to stderr.',
    'The tool can touch what its manifest asks for and the flags grant, and nothing else.',
  ],
  flags: [
    ...TOOL_FLAGS,
    ...GRANT_FLAGS,
    POLICY_FLAG,
    ...LIMIT_FLAGS,
    ...MODULE_FLAGS,
    ...SOURCE_FLAGS,
    { name: 'yes', help: 'Answer the question that a dangerous tool asks before it runs.' },
    { name: 'trace', help: 'Tell the stages that the call passed, the time of each, and what its run did.' },
    {
      name: 'trace-grants',
      help: 'Tell the smallest grant that would have sufficed, as JSON for --grant: exact files, origins, methods and paths.',
    },
    { name: 'quiet', help: 'Print no warnings, and no line of what the call used.' },
    {
      name: 'json',
      help: 'Print one JSON object: ok, value, text, error, usage, meta, trace and the rest of the outcome.',
    },
  ],
  examples: [
    'sandglass call ./csv-stats.wasm \'{"path": "/data/rain.csv"}\' --allow-read=./data:/data',
    'sandglass call read_file \'{"path": "/data/a.txt"}\' --allow-read=./data:/data',
    'sandglass call greet \'{"name": "a"}\' --tools=./tools',
    'echo \'{"name": "a"}\' | sandglass call ./greet.js --json',
  ],
  // Much of it is of use here alone.
  run: async (context, parsed) => (await import('../tools/call.ts')).call(context, parsed),
};
