import type { GuestValue } from '../../../vocabulary/guest-value.ts';
import type { Command } from '../command.ts';
import { execute } from '../execute.ts';
import { parseJson } from '../files.ts';
import { readPowers } from '../grant-flags.ts';
import { PACKAGE_FLAGS, readPackageSources } from '../package-flags.ts';
import { readPolicyUse } from '../policy-flag.ts';
import { RULE_FLAGS, readRules } from '../rule-flags.ts';
import { MODULE_FLAGS, RUN_FLAGS, readMaxModule, readRunFlags } from '../run-flags.ts';
import { readGets } from '../scratch-flags.ts';
import { readSource } from '../source.ts';
import { readToolOptions, TOOL_FLAGS } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';

export const runCommand: Command = {
  name: 'run',
  summary: 'Run a file: JavaScript, TypeScript, Python or a .wasm',
  usage: 'FILE|- [flags] [-- guest arguments]',
  about: [
    'Runs FILE (- for stdin) in a sandbox that can touch nothing but what the flags grant. Its output ' +
      'comes out as it is made; then its value, if it has one: text as it is, anything else as a line ' +
      'of JSON; then, on stderr, a line of what it used.',
    'The kind is told by the ending (.js .mjs .cjs .jsx .ts .mts .cts .tsx .py .wasm) or by --lang. ' +
      'The value is the last expression of a script, the default export of a module, or the answer of ' +
      'the function that --invoke calls.',
  ],
  flags: [
    ...RUN_FLAGS,
    ...MODULE_FLAGS,
    ...RULE_FLAGS,
    ...TOOL_FLAGS,
    ...PACKAGE_FLAGS,
    {
      name: 'invoke',
      value: 'NAME',
      help: 'Call this exported function of a .wasm instead of running it as a program.',
    },
    {
      name: 'args',
      value: 'JSON',
      help: 'Arguments for --invoke as a JSON array; 64-bit integers as they are, or as text.',
    },
    {
      name: 'unknown-imports',
      value: 'refuse|trap',
      help: 'What becomes of imports of a .wasm that nobody gives: it does not run, or it ends where it calls one. Default refuse.',
    },
    { name: 'lang', value: 'NAME', help: 'What the file is: javascript, typescript, python, shell or wasm.' },
  ],
  examples: [
    'sandglass run report.ts --allow-read=./data:/data --allow-write=./out:/out',
    'sandglass run fetch.js --allow-net=api.example.com --timeout=5s',
    "sandglass run math.wasm --invoke=add --args='[1, 2]'",
    'sandglass run tool.wasm --stdin=input.txt -- --verbose',
    'sandglass run totals.py --imports=csv,json,statistics --block=eval,exec --allow-read=./data',
    'echo "1 + 1" | sandglass run - --json',
  ],
  async run(context, parsed) {
    const { terminal } = context;
    const [file, ...others] = parsed.positionals;
    if (file === undefined) throw new UsageError('Nothing to run: give a file, or - to read code from stdin');
    if (others.length > 0) {
      throw new UsageError(
        `Cannot run more than one file: "${others[0]}" is one too many`,
        'Arguments of the guest go after "--"',
      );
    }
    if (file === '-' && parsed.one('stdin') === '-') {
      throw new UsageError('Cannot read both the code and the stdin of the guest from stdin');
    }
    const invoke = parsed.one('invoke');
    const args = parsed.one('args');
    if (args !== undefined && invoke === undefined) {
      throw new UsageError('Cannot use --args without --invoke', 'Arguments of a program go after "--"');
    }
    if (invoke !== undefined && parsed.rest.length > 0) {
      const example = JSON.stringify(
        parsed.rest.map((text) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text)),
      );
      throw new UsageError(
        'Cannot use arguments after "--" with --invoke: a function takes values',
        `Give them as JSON: --args='${example}'`,
      );
    }
    const source = await readSource(file, parsed.one('lang'), terminal, readMaxModule(parsed));
    if (invoke !== undefined && source.module === undefined) {
      throw new UsageError(`Cannot use --invoke with ${file}: it calls an export of a .wasm`);
    }
    const rules = readRules(parsed, { name: file, isScript: source.module === undefined });
    const imports = readUnknownImports(parsed.one('unknown-imports'), file, source.module !== undefined);
    const packages = await readPackageSources(parsed, terminal, parsed.all('with').length > 0);
    const flags = await readRunFlags(parsed, terminal, { stdinIsFree: file !== '-' });
    const { policyFile, grant } = await readPolicyUse(parsed, flags.grant ?? {}, terminal.cwd);
    return execute(context, {
      policyFile,
      run: {
        ...source,
        ...flags,
        grant,
        ...rules,
        ...imports,
        ...(invoke === undefined ? {} : { invoke, args: args === undefined ? [] : readArgs(args) }),
      },
      ...readPowers(parsed, terminal),
      packages,
      ...(await readToolOptions(parsed, grant, terminal)),
      maxModuleBytes: readMaxModule(parsed),
      json: parsed.has('json'),
      quiet: parsed.has('quiet'),
      passExitCode: parsed.has('exit-code'),
      fetches: readGets(parsed, terminal.cwd),
    });
  },
};

/** @throws {UsageError} for another word, or a program that has no such imports. */
function readUnknownImports(
  word: string | undefined,
  file: string,
  isModule: boolean,
): { readonly options?: { readonly unknownImports: string } } {
  if (word === undefined) return {};
  if (!isModule)
    throw new UsageError(`Cannot use --unknown-imports with ${file}: it is about the imports of a .wasm`);
  if (word !== 'refuse' && word !== 'trap') {
    throw new UsageError(
      `Cannot read --unknown-imports=${word}: it is "refuse" or "trap"`,
      'With trap the module runs until it calls such an import',
    );
  }
  return { options: { unknownImports: word } };
}

function readArgs(text: string): readonly GuestValue[] {
  const args = parseJson(text, '--args');
  if (!Array.isArray(args)) {
    throw new UsageError(`Cannot read --args=${text}: expected a JSON array, e.g. --args='[1, "two"]'`);
  }
  return args; // JSON, with bigints for large integers: each a guest value
}
