import type { Command } from '../command.ts';
import { execute } from '../execute.ts';
import { readPowers } from '../grant-flags.ts';
import { PACKAGE_FLAGS, readPackageSources } from '../package-flags.ts';
import { readPolicyUse } from '../policy-flag.ts';
import { RULE_FLAGS, readRules } from '../rule-flags.ts';
import { RUN_FLAGS, readRunFlags } from '../run-flags.ts';
import { readGets } from '../scratch-flags.ts';
import { languageOf } from '../source.ts';
import { readToolOptions, TOOL_FLAGS } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';

export const evalCommand: Command = {
  name: 'eval',
  summary: 'Run a line of code and print its value',
  usage: 'CODE [flags] [-- guest arguments]',
  about: [
    'Runs CODE in the same sandbox as "run" does, JavaScript unless --lang says otherwise, and prints the value of its last expression.',
  ],
  flags: [
    ...RUN_FLAGS,
    ...RULE_FLAGS,
    ...TOOL_FLAGS,
    ...PACKAGE_FLAGS,
    { name: 'lang', value: 'NAME', help: 'javascript, typescript or python. Default javascript.' },
  ],
  examples: ["sandglass eval '[1, 2, 3].map((x) => x * x)'", "sandglass eval 'sum(range(10))' --lang=python"],
  async run(context, parsed) {
    const [code, ...others] = parsed.positionals;
    if (code === undefined)
      throw new UsageError("Nothing to run: give the code as one argument, e.g. eval '1 + 1'");
    if (others.length > 0) {
      throw new UsageError(
        `Cannot run "${others[0]}" as well: the code is one argument`,
        'Put the code between quotes; arguments of the guest go after "--"',
      );
    }
    const language = languageOf(parsed.one('lang') ?? 'javascript');
    if (language === 'wasm') throw new UsageError('Cannot evaluate wasm: save it as a file and use "run"');
    const rules = readRules(parsed, { name: 'the code', isScript: true });
    const packages = await readPackageSources(parsed, context.terminal, parsed.all('with').length > 0);
    const flags = await readRunFlags(parsed, context.terminal, { stdinIsFree: true });
    const { policyFile, grant } = await readPolicyUse(parsed, flags.grant ?? {}, context.terminal.cwd);
    return execute(context, {
      policyFile,
      run: {
        language,
        code,
        ...flags,
        grant,
        ...rules,
      },
      ...readPowers(parsed, context.terminal),
      packages,
      ...(await readToolOptions(parsed, grant, context.terminal)),
      json: parsed.has('json'),
      quiet: parsed.has('quiet'),
      passExitCode: parsed.has('exit-code'),
      fetches: readGets(parsed, context.terminal.cwd),
    });
  },
};
