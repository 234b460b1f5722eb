import type {
  CellGuest,
  Execute,
  Executor,
  GuestEnd,
  GuestHost,
  GuestResult,
  RunSpec,
} from '../../contracts/engine.ts';
import type { MountView } from '../../contracts/host-function.ts';
import { MIB } from '../../vocabulary/units.ts';
import { createMeter, type Meter } from '../../wasm/meter.ts';
import { createCollected } from './collected.ts';
import { type Interpreter, openInterpreter } from './interpreter.ts';
import { keepMemories, type Memories } from './memories.ts';
import { MODULE_NAME } from './module-name.ts';
import type { OpenRealm } from './open-realm.ts';
import { checkPythonOptions } from './options.ts';
import type { PyodideProgram, PyodideShared } from './program.ts';
import { argsLength } from './read-call.ts';
import { REHEARSAL, REHEARSAL_RUN, silentHost } from './rehearsal.ts';
import { readReport } from './report.ts';
import { reportBounds } from './report-bounds.ts';
import { richNames } from './rich-names.ts';
import type { SourcePlace } from './stopped-at.ts';

/**
 * How often a run's end is looked for when the realm does not tell of it, ms: a trap in a resumed stack reports to nobody, and nothing
 * wakes a program that waits for nothing.
 */
const WATCH_MS = 10;
/** What files in memory may hold at most. */
const MAX_SCRATCH_BYTES = 64 * MIB;
/** What buffers outside wasm may hold beside those files: room for copies that are on their way, and for garbage. */
const OUTSIDE_BYTES = 192 * MIB;
/** One read or write of a granted file. */
const CHUNK_BYTES = MIB;
/** Python frames; each takes about 500 bytes of wasm stack and more of the thread's. */
const RECURSION_LIMIT = 1000;
/** Units for what a kept interpreter does between two runs: freeing what the last one has left. More ends it. */
const BETWEEN_FUEL = 50_000_000;

/** The executor of a platform that can make realms. It keeps one interpreter warm, and gives each to one run, or to the runs of one guest. */
export function createPyodideExecutor(openRealm: OpenRealm): Required<Executor> {
  let shared:
    | {
        readonly parts: PyodideShared;
        readonly module: WebAssembly.Module;
        readonly memories: Memories;
      }
    | undefined;
  let warm: Interpreter | undefined;
  /** The cell rehearses itself with the last rehearsal of its first interpreter: each has had as many, which fuel depends on. */
  let isRehearsed = false;

  const open = (
    { parts, module, memories }: NonNullable<typeof shared>,
    rehearsals?: number,
  ): Promise<Interpreter> => openRehearsed(openRealm, parts, module, memories.take(), rehearsals);

  const take = async (guest: CellGuest): Promise<Interpreter> => {
    const program = guest.data as PyodideProgram; // made by `createPyodideEngine`
    const ready = warm;
    warm = undefined;
    if (program.shared !== undefined) return openRehearsed(openRealm, program.shared, moduleOf(guest));
    if (ready !== undefined) {
      if (!isRehearsed) await rehearseOnce(ready);
      isRehearsed = true;
      return ready;
    }
    if (shared === undefined) throw new Error('Cannot run Python: the cell was not warmed up');
    return open(shared);
  };

  const execute: Execute = async (guest, run, host) => {
    const wrong = misfit(run);
    if (wrong !== undefined) return wrong;
    const program = guest.data as PyodideProgram; // made by `createPyodideEngine`
    const interpreter = await take(guest);
    const result = await runProgram(interpreter, program, run, host);
    if (program !== REHEARSAL && program.shared === undefined && ENDED_BY_ITSELF.has(result.kind))
      shared?.memories.giveBack(interpreter.memory);
    return result;
  };

  return {
    warmUp: async (guest) => {
      const parts = guest.data as PyodideShared; // made by `createPyodideEngine`
      shared = { parts, module: moduleOf(guest), memories: keepMemories(parts) };
      warm = await open(shared, REHEARSALS - 1);
      isRehearsed = false;
    },
    rehearse: async (_guest, _run, host) => {
      const interpreter = warm;
      isRehearsed = true;
      const result = await execute({ data: REHEARSAL, modules: {} }, REHEARSAL_RUN, host);
      warm = interpreter;
      interpreter?.disconnect();
      return rehearsed(result);
    },
    renew: async () => {
      if (shared !== undefined) warm ??= await open(shared);
    },
    heldBytes: () => warm?.memoryBytes() ?? 0,
    execute,
    open: async () => {
      const kept: Kept = { runs: 0, between: undefined };
      let interpreter: Interpreter | undefined;
      const execute: Execute = async (guest, run, host) => {
        const wrong = misfit(run);
        if (wrong !== undefined) return wrong;
        if (kept.between !== undefined && kept.between.state !== 'running') {
          return { kind: 'trapped', message: 'It went on after its last run had ended', ...NOTHING_USED };
        }
        interpreter ??= await take(guest);
        kept.runs += 1;
        return runProgram(interpreter, guest.data as PyodideProgram, run, host, kept); // made by `createPyodideEngine`
      };
      return execute;
    },
  };
}

/** More would make a guest's run 2 ms faster, and take 4 ms each. Part of what fuel counts depend on: the same everywhere. */
const REHEARSALS = 1;

/** Starts an interpreter and has it run the rehearsal; it waits for its one guest. */
export async function openRehearsed(
  openRealm: OpenRealm,
  parts: PyodideShared,
  module: WebAssembly.Module,
  memory = keepMemories(parts).take(),
  rehearsals = REHEARSALS,
): Promise<Interpreter> {
  const { assets, maxMemoryBytes, packages = [] } = parts;
  const interpreter = await openInterpreter({
    openRealm,
    assets,
    module,
    memory,
    maxMemoryBytes,
    foreign: packages.length > 0,
  });
  misfit(REHEARSAL_RUN);
  interpreter.install(packages);
  for (let turn = 0; turn < rehearsals; turn++) await rehearseOnce(interpreter);
  return interpreter;
}

async function rehearseOnce(interpreter: Interpreter): Promise<void> {
  rehearsed(await runProgram(interpreter, REHEARSAL, REHEARSAL_RUN, silentHost()));
  interpreter.disconnect();
}

function rehearsed(result: GuestResult): GuestResult {
  if (result.kind !== 'value') throw new Error(`Cannot start Python: its rehearsal ended as ${result.kind}`);
  return result;
}

/** What goes from run to run of a guest that is kept. */
interface Kept {
  runs: number;
  /** Counts what the interpreter does between two runs. */
  between: Meter | undefined;
}

const NOTHING_USED = { memoryBytes: 0, fuel: 0, growthRefused: false } as const;

/** Options that were not checked on the host side. */
function misfit({ options }: RunSpec): GuestResult | undefined {
  try {
    checkPythonOptions(options);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : 'Cannot read options';
    return { kind: 'invalid', code: 'INPUT_INVALID', message, ...NOTHING_USED };
  }
}

function moduleOf(guest: CellGuest): WebAssembly.Module {
  const module = guest.modules[MODULE_NAME];
  if (module === undefined) throw new Error(`Cannot run Python: no module "${MODULE_NAME}" was prepared`);
  return module;
}

async function runProgram(
  interpreter: Interpreter,
  program: PyodideProgram,
  run: RunSpec,
  host: GuestHost,
  kept?: Kept,
): Promise<GuestResult> {
  const meter = createMeter({ fuel: run.limits.fuel, onSlice: () => host.stopReason() });
  host.trackMemory(interpreter.memoryBytes);
  host.trackFuel?.(() => meter.used);
  const ended = Promise.withResolvers<GuestEnd>();
  const collected = run.collect === undefined ? undefined : createCollected(run.collect);
  const bounds = reportBounds(run.limits.outputBytes);
  const look = (): void => {
    const end = stopped(meter, interpreter, host);
    if (end !== undefined) ended.resolve(end);
  };
  const misplaced = interpreter.connect({
    host,
    meter,
    stdin: run.stdin,
    files: run.files ?? [],
    collected,
    packages: program.packages ?? [],
    library: program.library ?? [],
    hostCallBytes: run.limits.hostCallBytes,
    outsideBytes: MAX_SCRATCH_BYTES + OUTSIDE_BYTES,
    timeZone: run.env.TZ,
    fixedClock: run.deterministic !== undefined,
    settings: {
      maxMemoryBytes: Math.min(run.limits.memoryBytes, interpreter.maxMemoryBytes),
      textLength: Math.max(bounds.length, argsLength(run.limits.hostCallBytes)),
      scratchBytes: Math.min(run.limits.memoryBytes, MAX_SCRATCH_BYTES),
      chunkBytes: Math.min(run.limits.hostCallBytes, CHUNK_BYTES),
      mounts: hostMounts(run).map((mount) => mount.path.replace(/(?<=.)\/+$/, '')),
      writable: hostMounts(run).map((mount) => mount.write),
      cwd: run.cwd,
    },
    entered: look,
    refused: () => undefined,
  });
  if (misplaced !== undefined) {
    const message = `Cannot install the packages: their file ${JSON.stringify(misplaced)} is in the way of another, or another of it`;
    interpreter.close();
    return { kind: 'invalid', code: 'MODULE_INVALID', message, ...NOTHING_USED };
  }
  const watch = setInterval(() => {
    look();
    interpreter.wake();
  }, WATCH_MS);
  let stays = false;
  try {
    meter.arm();
    const spec = JSON.stringify(specOf(program, run, kept));
    void interpreter
      .ask((id) => interpreter.api.run(id, spec))
      .then((report) => {
        look(); // the meter's word goes before whatever the realm says
        ended.resolve(
          report.ok
            ? readReport(report.text, interpreter.growthRefused, bounds)
            : fatal(report.text, interpreter),
        );
      });
    const end = await ended.promise;
    if (end.kind === 'trapped' || (end.kind === 'limit' && end.limit === 'stack')) meter.trapped();
    if (collected !== undefined && ENDED_BY_ITSELF.has(end.kind)) interpreter.collect();
    const result = {
      ...withPlace(end, () => interpreter.stoppedAt(ownFiles(program, run))),
      memoryBytes: interpreter.memoryBytes(),
      fuel: meter.used,
      growthRefused: interpreter.growthRefused || meter.growthRefused,
      ...(collected === undefined ? {} : { files: collected.files }),
    };
    stays = kept !== undefined && STAYS.has(end.kind);
    return result;
  } finally {
    clearInterval(watch);
    if (kept !== undefined && stays) {
      kept.between = createMeter({ fuel: BETWEEN_FUEL });
      interpreter.leave(kept.between);
    } else if (program !== REHEARSAL) interpreter.close();
  }
}

/** A guest that was ended could not raise anything: where it stood is read from outside. */
function withPlace(end: GuestEnd, find: () => SourcePlace | undefined): GuestEnd {
  if (end.kind !== 'limit' || end.error !== undefined) return end;
  const place = find();
  return place === undefined ? end : { ...end, error: { name: '', message: '', ...place } };
}

/** The files that tracebacks show, as `is_own` of the runner has it. */
function ownFiles(program: PyodideProgram, run: RunSpec): (file: string) => boolean {
  const names = new Set([program.filename]);
  for (const name of Object.keys(program.modules)) {
    names.add(`${name.replace(/^\.\//, '').replace(/\.py$/, '').replaceAll('.', '/')}.py`);
  }
  const folders = hostMounts(run).map((mount) => `${mount.path.replace(/\/+$/, '')}/`);
  return (file) =>
    names.has(file) ||
    folders.some((folder) => (file.startsWith('/') ? file : `/${file}`).startsWith(folder));
}

/** Ends after which the interpreter is as sound as before. */
const STAYS: ReadonlySet<GuestEnd['kind']> = new Set(['value', 'threw', 'invalid']);

/** Ends after which the files of the guest are as it left them. */
const ENDED_BY_ITSELF: ReadonlySet<GuestEnd['kind']> = new Set(['value', 'threw', 'exit']);

/** Whether the host itself has ended the run, whatever the guest says. */
function stopped(meter: Meter, interpreter: Interpreter, host: GuestHost): GuestEnd | undefined {
  if (meter.state === 'exhausted') return { kind: 'limit', limit: 'fuel' };
  if (interpreter.outputSpent) return { kind: 'limit', limit: 'output' };
  if (interpreter.outsideRefused) return { kind: 'limit', limit: 'memory' };
  const reason = meter.stopReason ?? host.stopReason();
  return reason === undefined ? undefined : { kind: 'limit', limit: reason };
}

/** An error of the interpreter itself: no Python code can raise one, but it can bring the interpreter down. */
function fatal(text: string, interpreter: Interpreter): GuestEnd {
  if (interpreter.growthRefused) return { kind: 'limit', limit: 'memory' }; // it could not get over what it was refused
  if (interpreter.stackIsFull()) return { kind: 'limit', limit: 'stack' };
  if (text.startsWith('stack ')) return { kind: 'limit', limit: 'stack' };
  return {
    kind: 'trapped',
    message: `The interpreter failed: ${text.split('\n', 1)[0]?.slice(0, 300) ?? ''}`,
  };
}

/** The interpreter has a scratch folder of its own, in memory, which costs no host calls. */
const hostMounts = (run: RunSpec): readonly MountView[] =>
  run.mounts.filter((mount) => mount.scratch !== true);

/** What the runner is told. It knows what nothing, no and `/` stand for: of those only the others are sent. */
function specOf(program: PyodideProgram, run: RunSpec, kept: Kept | undefined): object {
  const told: Readonly<Record<string, unknown>> = {
    modules: program.modules,
    argv: run.argv,
    env: run.env,
    cwd: run.cwd,
    base: run.base,
    inputs: run.inputs,
    hasStdin: run.stdin.length > 0,
    mounts: hostMounts(run).map((mount) => mount.path),
    options: run.options,
    packages: program.packages !== undefined,
    rehearsal: program === REHEARSAL,
    repeats: run.deterministic !== undefined,
    keeps: kept !== undefined,
    resumes: kept !== undefined && kept.runs > 1,
    tools: run.granted.includes('tools'),
    rich: richNames(run.collect ?? []),
  };
  return {
    code: program.code,
    filename: program.filename,
    valueBytes: run.limits.outputBytes,
    recursionLimit: RECURSION_LIMIT,
    ...Object.fromEntries(Object.entries(told).filter(([, part]) => !isDefault(part))),
  };
}

const isDefault = (part: unknown): boolean =>
  part === undefined ||
  part === false ||
  part === '/' ||
  (typeof part === 'object' && part !== null && Object.keys(part).length === 0);
