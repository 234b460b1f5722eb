// Runs spec files of another shell over ours: node scripts/shell-spec.ts FOLDER [--only=WORD] [--quiet]
// The folder is `spec/` of a checkout of Oils (Apache-2.0), or any with files NAME.test.sh of its form. Prints counts, and why each case failed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createRuntime } from '../runtime/index.ts';
import { type SpecCase, specCases } from './shell-spec/spec-cases.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, quiet: { type: 'boolean' } },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error('Cannot run spec files: name their folder, such as spec/ of a checkout of Oils');
  process.exit(2);
}

/** What is bash's own or any shell's; the other files are of Oils, of zsh, or of processes that there are none of here. */
const SLICE = (
  'alias append arith array array-literal assign assoc brace-expansion builtin-bracket builtin-cd ' +
  'builtin-echo builtin-eval-source builtin-getopts builtin-printf builtin-read builtin-set ' +
  'builtin-test builtin-trap builtin-vars builtins case_ command-parsing command-sub command_ ' +
  'comments dbracket dparen empty-bodies errexit exit-status extglob-match for-expr func-parsing glob ' +
  'glob-bash here-doc if_ let loop nul-bytes paren-ambiguity pipeline posix quote redirect regex ' +
  'sh-func sh-options smoke special-vars strict-options subshell temp-binding tilde unicode var-num ' +
  'var-op-bash var-op-len var-op-patsub var-op-slice var-op-strip var-op-test var-ref var-sub-quote ' +
  'var-sub while whitespace word-eval word-split'
).split(' ');

/** A program of the spec that shows its arguments, as Python would. */
const PRELUDE = String.raw`argv.py() { local out= sep= a q; for a in "$@"; do a=${'$'}{a//\\/\\\\}; a=${'$'}{a//$'\n'/\\n}; a=${'$'}{a//$'\t'/\\t}; q="'"
[[ $a == *"'"* ]] && q='"'; out+="$sep$q$a$q"; sep=', '; done; echo "[$out]"; }
`;

/** Why a case says nothing about a shell that is a guest: it starts another shell, or wants a file of its own checkout. */
const ELSEWHERE =
  /\$SH\b|\$\{SH\}|\$REPO_ROOT|_tmp\/|\bspec\/|\bpython[23]?\b|(?:stdout_stderr|printenv|foo=bar\.py)\.py|\/dev\/tty|\bkill\b|\bjobs\b/;

await using runtime = createRuntime({ level: 'minimal' });
const counts = { passed: 0, failed: 0, left: 0 };

async function judge({ code, status, stdout }: SpecCase): Promise<string | undefined> {
  const outcome = await runtime.run({
    language: 'shell',
    code: PRELUDE + code,
    grant: { env: { TMP: '/tmp', HOME: '/home/spec' } },
    limits: { fuel: 3_000_000_000, timeoutMs: 20_000 },
  });
  const { details, code: refused } = outcome.ok ? { details: undefined, code: '' } : outcome.error;
  const ended = outcome.ok ? 0 : typeof details?.exitCode === 'number' ? details.exitCode : undefined;
  if (ended === undefined) return refused;
  if (stdout !== undefined && outcome.stdout !== stdout) {
    const [want, got] = firstDifference(stdout, outcome.stdout);
    return `wanted ${want}, got ${got}${outcome.stderr === '' ? '' : `; ${outcome.stderr.split('\n')[0]?.slice(0, 120)}`}`;
  }
  return ended === status ? undefined : `status ${ended}, wanted ${status}`;
}

function firstDifference(wanted: string, got: string): readonly [string, string] {
  const [left, right] = [wanted.split('\n'), got.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  const shown = (lines: readonly string[]): string =>
    JSON.stringify((lines[at < 0 ? left.length : at] ?? '').slice(0, 80));
  return [shown(left), shown(right)];
}

const files = readdirSync(folder)
  .filter((file) => file.endsWith('.test.sh'))
  .map((file) => file.replace('.test.sh', ''))
  .filter((name) => (values.only === undefined ? SLICE.includes(name) : name.includes(values.only)))
  .sort();
for (const name of files) {
  const before = { ...counts };
  for (const one of specCases(readFileSync(join(folder, `${name}.test.sh`), 'utf8'))) {
    if (ELSEWHERE.test(one.code) || one.code === '') {
      counts.left += 1;
      continue;
    }
    const reason = await judge(one);
    if (reason === undefined) counts.passed += 1;
    else {
      counts.failed += 1;
      if (values.quiet !== true) console.log(`  ${name}:${one.line} ${one.name}: ${reason}`);
    }
  }
  console.log(`${name}: ${counts.passed - before.passed} passed, ${counts.failed - before.failed} failed`);
}
console.log(
  `${counts.passed} passed, ${counts.failed} failed; ${counts.left} left out: they start other shells or want files of their checkout`,
);
