import type { GuestEnd, RunSpec } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import type { ScriptData } from './module-data.ts';

/** The function of an interpreter that runs the script of the call, and its answer for a script that must not run. */
const RUN_SCRIPT = 'run';
const MISFIT_STATUS = -1;

/** What is different about a run whose module is an interpreter of ours; nothing is where there is no script. */
export interface ScriptCall {
  readonly run: RunSpec;
  /** Engine options of the module itself. */
  readonly options: RunSpec['options'];
  /** Told why the script does not fit what its run allows; absent: no module can say that. */
  readonly misfit?: (reason: string) => void;
  /** What the end of the module says of the script. */
  end(end: GuestEnd): GuestEnd;
}

export function scriptCall(run: RunSpec, script: ScriptData | undefined): ScriptCall {
  if (script === undefined) return { run, options: run.options, end: (end) => end };
  let misfit: string | undefined;
  return {
    run: scriptSpec(run, script),
    options: {},
    misfit: (reason) => {
      misfit = reason;
    },
    end: (end) => scriptEnd(end, misfit, script.name),
  };
}

/** A call of an interpreter as it is told: one argument, the JSON that `Spec` in `guest-tools/shell/src/lib.rs` reads. */
function scriptSpec(run: RunSpec, { script, name, commands }: ScriptData): RunSpec {
  const call: JsonValue = {
    script,
    name,
    argv: run.argv,
    cwd: run.cwd,
    env: run.env,
    inputs: textsOf(run),
    mounts: run.mounts.map(({ path }) => path),
    granted: run.granted,
    ...defined({ commands }),
    chunkBytes: Math.max(1024, run.limits.hostCallBytes >>> 1),
  };
  return { ...run, argv: [JSON.stringify(call)], invoke: RUN_SCRIPT };
}

/** Inputs are variables: a text as it is, anything else as JSON. */
const textsOf = ({ inputs }: RunSpec): Record<string, string> =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

/** What the status of a script says of its run. A kept interpreter can be called again whatever it was. */
function scriptEnd(end: GuestEnd, misfit: string | undefined, name: string): GuestEnd {
  if (end.kind !== 'value') return end;
  if (end.value !== MISFIT_STATUS) return { kind: 'exit', exitCode: Number(end.value) & 0xff, stays: true };
  return {
    kind: 'invalid',
    code: 'INPUT_INVALID',
    message: `Cannot run ${name}: ${misfit ?? 'it does not fit its commands'}; nothing of it ran`,
    hint: 'Name the command in options.commands, or leave it out of the script',
  };
}
