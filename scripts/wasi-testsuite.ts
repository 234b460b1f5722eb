// Runs every WASI preview 1 case of a checkout of github.com/WebAssembly/wasi-testsuite (branch prod/testsuite-base, which holds built binaries)
// through the runtime, and compares what failed with test/guests/wasi-testsuite-known.json. Ends with 1 on any difference.
//   node scripts/wasi-testsuite.ts CHECKOUT [--engine=preview1|preview1-wasmer] [--level=minimal|standard] [--only=TEXT]
//   node scripts/wasi-testsuite.ts CHECKOUT --write=docs/conformance.md runs both engines and writes the results between the page's marks.
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Runtime } from '../runtime/contracts/api/runtime.ts';
import { createRuntime } from '../runtime/index.ts';
import type { IsolationLevel, Outcome } from '../runtime/vocabulary/outcome.ts';

interface Case {
  /** `rust/path_open_missing` */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Folder to grant as `/`. */
  readonly root: string | undefined;
  readonly exitCode: number;
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
}

interface Tally {
  readonly engine: string;
  readonly cases: number;
  readonly passed: number;
  /** What differs from the list of known failures. */
  readonly surprises: number;
  readonly known: Known;
}

/** Case name → why it cannot pass. */
type Known = Readonly<Record<string, string>>;

const KNOWN_FILE = new URL('../test/guests/wasi-testsuite-known.json', import.meta.url);
/** At stricter levels granted folders cannot be written to. */
const LEVELS: readonly IsolationLevel[] = ['minimal', 'standard'];
const ENGINES = ['preview1', 'preview1-wasmer'];
const BEGIN = '<!-- wasi-testsuite: begin -->';
const END = '<!-- wasi-testsuite: end -->';

function readCases(checkout: string): readonly Case[] {
  const tests = join(checkout, 'tests');
  const folders = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|\/)testsuite\/wasm32-wasip1$/.test(path))
    .sort();
  return folders.flatMap((folder) =>
    readdirSync(join(tests, folder))
      .filter((file) => file.endsWith('.wasm'))
      .sort()
      .map((file) => readCase(join(tests, folder, file), folder.split('/')[0] ?? folder)),
  );
}

function readCase(file: string, suite: string): Case {
  const specFile = file.replace(/\.wasm$/, '.json');
  const spec: unknown = existsSync(specFile) ? JSON.parse(readFileSync(specFile, 'utf8')) : {};
  if (typeof spec !== 'object' || spec === null) throw new TypeError(`Cannot read ${specFile}: no object`);
  const field = (name: string): unknown => Object.entries(spec).find(([key]) => key === name)?.[1];
  const text = (name: string): string | undefined => {
    const value = field(name);
    return typeof value === 'string' ? value : undefined;
  };
  const unread = Object.keys(spec).filter(
    (key) => !['args', 'env', 'root', 'exit_code', 'stdout', 'stderr'].includes(key),
  );
  if (unread.length > 0) throw new TypeError(`Cannot read ${specFile}: unknown ${unread.join(', ')}`);
  const args = field('args') ?? [];
  const env = field('env') ?? {};
  const root = text('root');
  return {
    name: `${suite}/${basename(file, '.wasm')}`,
    file,
    args: Array.isArray(args) ? args.map(String) : [],
    env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)])),
    root: root === undefined ? undefined : join(dirname(file), root),
    exitCode: Number(field('exit_code') ?? 0),
    stdout: text('stdout'),
    stderr: text('stderr'),
  };
}

/** Runs one case over a private copy of its folder; answers why it failed, `undefined` if it passed. */
async function failureOf(
  test: Case,
  runtime: Runtime,
  engine: string,
  level: IsolationLevel,
): Promise<string | undefined> {
  const scratch = mkdtempSync(join(tmpdir(), 'wasi-testsuite-'));
  try {
    const root = join(scratch, 'root');
    if (test.root !== undefined) cpSync(test.root, root, { recursive: true });
    const outcome = await runtime.run({
      module: new Uint8Array(readFileSync(test.file)),
      filename: basename(test.file),
      argv: test.args,
      engine,
      level,
      grant: {
        env: test.env,
        ...(test.root === undefined
          ? {}
          : { fs: [{ host: root, guest: '/', access: ['read', 'write', 'delete'] }] }),
      },
    });
    return compare(test, outcome);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function compare(test: Case, outcome: Outcome): string | undefined {
  const { exitCode, stdout, stderr } = outcome;
  if (exitCode !== test.exitCode) {
    const said = stderr.trim().split('\n').slice(0, 3).join(' | ');
    const error = outcome.ok ? '' : ` (${outcome.error.code}: ${outcome.error.message})`;
    return `exit code ${exitCode}, expected ${test.exitCode}${error} ${said}`;
  }
  if (test.stdout !== undefined && stdout !== test.stdout) return `stdout ${JSON.stringify(stdout)}`;
  if (test.stderr !== undefined && stderr !== test.stderr) return `stderr ${JSON.stringify(stderr)}`;
  return undefined;
}

function readKnown(engine: string): Known {
  const all: unknown = JSON.parse(readFileSync(KNOWN_FILE, 'utf8'));
  const mine = Object.entries(all ?? {}).find(([name]) => name === engine)?.[1];
  return typeof mine === 'object' && mine !== null
    ? Object.fromEntries(Object.entries(mine).map(([name, why]) => [name, String(why)]))
    : {};
}

function pick<Item extends string>(given: string, known: readonly Item[], what: string): Item {
  const found = known.find((item) => item === given);
  if (found === undefined)
    throw new TypeError(`Cannot run: unknown ${what} "${given}", known are ${known.join(', ')}`);
  return found;
}

async function runSuite(
  cases: readonly Case[],
  runtime: Runtime,
  engine: string,
  level: IsolationLevel,
): Promise<Tally> {
  const known = readKnown(engine);
  let passed = 0;
  let surprises = 0;
  for (const test of cases) {
    const failure = await failureOf(test, runtime, engine, level);
    const reason = known[test.name];
    if (failure === undefined) passed += 1;
    if ((failure === undefined) === (reason === undefined)) {
      console.log(failure === undefined ? `pass   ${test.name}` : `known  ${test.name}: ${reason}`);
      continue;
    }
    surprises += 1;
    console.log(
      failure === undefined
        ? `PASS   ${test.name}: expected to fail, ${reason}`
        : `FAIL   ${test.name}: ${failure}`,
    );
  }
  const failed = cases.length - passed;
  console.log(
    `\n${engine} at level ${level}: ${passed} of ${cases.length} passed, ${failed} failed, ${surprises} unexpected\n`,
  );
  return { engine, cases: cases.length, passed, surprises, known };
}

/** The results as the contributors' page shows them. */
function describe({ engine, cases, passed, known }: Tally): string {
  const byReason = Map.groupBy(Object.entries(known), ([, reason]) => reason);
  const failures = [...byReason].map(([reason, names]) => {
    const list = names.map(([name]) => `\`${name}\``).join(', ');
    return `- ${reason} (${names.length}) ${list}`;
  });
  return [`\`${engine}\`: **${passed} of ${cases}** pass.`, ...failures].join('\n');
}

function writePage(page: string, tallies: readonly Tally[]): void {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`Cannot write ${page}: it has no marks ${BEGIN} and ${END}`);
  const results = tallies.map(describe).join('\n\n');
  writeFileSync(page, `${text.slice(0, from)}${BEGIN}\n${results}\n${text.slice(to)}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'preview1' },
    level: { type: 'string', default: 'standard' },
    only: { type: 'string', default: '' },
    write: { type: 'string' },
  },
});
const [checkout] = positionals;
if (checkout === undefined || !existsSync(join(checkout, 'tests'))) {
  console.error(
    'Usage: node scripts/wasi-testsuite.ts CHECKOUT [--engine=NAME] [--level=LEVEL] [--only=TEXT] [--write=PAGE]',
  );
  process.exit(2);
}
const engines = values.write === undefined ? [pick(values.engine, ENGINES, 'engine')] : ENGINES;
const level = pick(values.level, LEVELS, 'level');
const cases = readCases(checkout).filter(({ name }) => name.includes(values.only));
await using runtime = createRuntime({ cache: false });
const tallies: Tally[] = [];
for (const engine of engines) tallies.push(await runSuite(cases, runtime, engine, level));
if (values.write !== undefined) writePage(values.write, tallies);
process.exitCode = tallies.every(({ surprises }) => surprises === 0) ? 0 : 1;
