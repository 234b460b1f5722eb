import type { LooseRunOptions, RunOptions } from '../../contracts/api/run.ts';
import type { Runtime } from '../../contracts/api/runtime.ts';
import { defined } from '../../vocabulary/defined.ts';
import { exitCodeOf } from '../../vocabulary/errors.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
import { outcomeToJson } from '../../vocabulary/outcome-json.ts';
import type { CommandContext } from './command.ts';
import type { ParsedArguments } from './flags.ts';
import { readPowers } from './grant-flags.ts';
import { interruptOf } from './interrupt.ts';
import { readPackageSources } from './package-flags.ts';
import { readPolicyUse } from './policy-flag.ts';
import { parseWhole } from './quantities.ts';
import { errorLines, usageLine } from './report.ts';
import { readMaxModule, readRunFlags } from './run-flags.ts';
import { readSource } from './source.ts';
import { printable, styleFor } from './style.ts';
import { table } from './table.ts';
import { UsageError } from './usage-error.ts';

/** One line of a profile. */
interface Row {
  readonly kind: 'stage' | 'host' | 'function';
  readonly name: string;
  readonly calls: number;
  /** What was called from within included, ms. */
  readonly ms: number;
  /** Without it; absent where it is the same. */
  readonly ownMs?: number;
}

/** Where a Python program leaves what cProfile saw. */
const LEFT = 'sandglass-profile.json';
const SOURCE = 'sandglass_profile_source';
const NAME = 'sandglass_profile_name';
/** Functions that it leaves at most; more than a table shows. */
const MOST_FUNCTIONS = 1_000;
const CELLS = { maxCells: 1, warm: 0 };

/** Runs a guest and prints what took longest. @throws {UsageError} */
export async function profile(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { terminal } = context;
  const { stdout, stderr } = terminal;
  const [file, other] = parsed.positionals;
  if (file === undefined || file === '-') throw new UsageError('Nothing to profile: give a file');
  if (other !== undefined)
    throw new UsageError(
      `Cannot profile more than one file: "${other}" is one too many`,
      'Arguments of the guest go after "--"',
    );
  const top = parseWhole('--top', parsed.one('top') ?? '10', 1, 1_000);
  const source = await readSource(file, parsed.one('lang'), terminal, readMaxModule(parsed));
  const flags = await readRunFlags(parsed, terminal, { stdinIsFree: true });
  const { policyFile, grant } = await readPolicyUse(parsed, flags.grant ?? {}, terminal.cwd);
  const packages = await readPackageSources(parsed, terminal, parsed.all('with').length > 0);
  const json = parsed.has('json');
  const style = styleFor(stderr, terminal);
  using interrupt = interruptOf(terminal);
  await using runtime = await context.createRuntime({
    cells: CELLS,
    ...readPowers(parsed, terminal),
    ...defined({ policyFile, packages }),
    onNotice: ({ message }) => stderr.write(`${style.dim(message)}\n`),
  });
  const watch = watchRun(runtime);
  const outcome = await runtime.run({
    ...profiled({ ...source, ...flags, grant }),
    signal: interrupt.signal,
    onOutput: (chunk) => {
      if (!json) terminal[chunk.stream].write(chunk.bytes);
    },
  } as RunOptions); // which flags go together, the command has checked
  const rows = [...watch.rows(), ...functionsOf(outcome)]
    .sort((left, right) => right.ms - left.ms)
    .slice(0, top);
  if (json) {
    const told = outcomeToJson(outcome);
    const error = told.ok ? undefined : told.error;
    stdout.write(`${JSON.stringify({ rows, ok: told.ok, error, usage: told.usage })}\n`);
  } else {
    stdout.write(`${table([['ms', 'own', 'calls', 'kind', 'what'], ...rows.map(cellsOf)])}\n`);
    if (!outcome.ok) stderr.write(errorLines(outcome.error, style, outcome.stderr));
    stderr.write(`${style.dim(usageLine(outcome.usage))}\n`);
  }
  return interrupt.exitCode() ?? (outcome.ok ? 0 : exitCodeOf(outcome.error.code));
}

const cellsOf = ({ kind, name, calls, ms, ownMs = ms }: Row): readonly string[] => [
  ms.toFixed(1),
  ownMs.toFixed(1),
  String(calls),
  kind,
  printable(name),
];

/** Python under cProfile; anything else as it is. */
function profiled(run: LooseRunOptions): LooseRunOptions {
  if (run.language !== 'python' || run.code === undefined) return run;
  return {
    ...run,
    code: PYTHON,
    inputs: { ...run.inputs, [SOURCE]: run.code, [NAME]: run.filename ?? 'main.py' },
    collect: [...(run.collect ?? []), LEFT],
  };
}

const PYTHON = `import ast as _ast, cProfile as _profiles, inspect as _inspect, json as _json
_profile = _profiles.Profile()
_code = compile(${SOURCE}, ${NAME}, 'exec', flags=_ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
try:
    _profile.enable()
    _value = eval(_code, globals())
    if _inspect.iscoroutine(_value):
        await _value
finally:
    _profile.disable()
    _rows = sorted(_profile.getstats(), key=lambda one: -one.totaltime)[:${MOST_FUNCTIONS}]
    _name = lambda code: code if isinstance(code, str) else f'{code.co_filename}:{code.co_firstlineno} {code.co_qualname}'
    with open('/tmp/${LEFT}', 'w') as _file:
        _json.dump([[_name(one.code), one.callcount, one.totaltime, one.inlinetime] for one in _rows], _file)
None`;

/** What cProfile has left; a guest may have written something else there. */
function functionsOf(outcome: Outcome): readonly Row[] {
  const bytes = outcome.files?.[LEFT];
  if (bytes === undefined) return [];
  try {
    const left: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(left) ? left.slice(0, MOST_FUNCTIONS).flatMap(functionOf) : [];
  } catch {
    return []; // not what cProfile left
  }
}

function functionOf(row: unknown): readonly Row[] {
  if (!Array.isArray(row)) return [];
  const [name, calls, seconds, own] = row as unknown[];
  if (
    typeof name !== 'string' ||
    typeof calls !== 'number' ||
    typeof seconds !== 'number' ||
    typeof own !== 'number'
  )
    return [];
  return [{ kind: 'function', name: name.slice(0, 200), calls, ms: seconds * 1_000, ownMs: own * 1_000 }];
}

/** Notes the times of one run, as its events tell them. */
function watchRun({ on }: Pick<Runtime, 'on'>): { rows(): readonly Row[] } {
  const began = performance.now();
  let startedAt: number | undefined;
  let endedAt: number | undefined;
  let queuedMs = 0;
  let waitedMs = 0;
  const calls = new Map<string, { count: number; ms: number }>();
  on('cell.started', (event) => {
    waitedMs += event.waitedMs;
  });
  on('run.started', (event) => {
    startedAt = performance.now();
    queuedMs = event.queuedMs;
  });
  on('host.called', ({ operation, durationMs }) => {
    const one = calls.get(operation) ?? { count: 0, ms: 0 };
    calls.set(operation, one);
    one.count += 1;
    one.ms += durationMs;
  });
  on('run.ended', () => {
    endedAt = performance.now();
  });
  return {
    rows: () => {
      const end = endedAt ?? performance.now();
      const start = startedAt ?? end;
      const cell = Math.min(Math.max(waitedMs, queuedMs), start - began);
      const stage = (name: string, ms: number): readonly Row[] =>
        ms <= 0 ? [] : [{ kind: 'stage', name, calls: 1, ms }];
      return [
        ...stage('prepare the guest', start - began - cell),
        ...stage('get a cell', cell),
        ...stage('run the guest', end - start),
        ...[...calls].map(([name, { count, ms }]) => ({ kind: 'host', name, calls: count, ms }) as const),
      ];
    },
  };
}
