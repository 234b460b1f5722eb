import type { CellGuest, Execute, GuestHost, GuestResult, RunSpec } from '../../../contracts/engine.ts';
import { Recent } from '../../../vocabulary/recent.ts';
import { compileTrampoline } from '../../../wasm/trampoline.ts';
import { type Call, chooseCall } from '../choose-call.ts';
import type { ComponentData } from '../component-data.ts';
import { execute } from '../execute.ts';
import { withToolAnswer } from '../tool-answer.ts';
import { createCellPort } from './cell-port.ts';
import type { BootRealm, RealmApi, RealmRun } from './contract.ts';
import { glueScript } from './glue-script.ts';
import { packValue, unpackValue } from './packed-value.ts';

/** A realm of the language alone, with no code from strings, whose pending work runs only by `evaluate` and `turn`. */
export interface Realm {
  evaluate(script: RealmScript): unknown;
  /** Runs what promises of the realm have made ready. */
  turn(): void;
}

/** A script compiled once for all realms of a thread; it holds no state of any. */
export type RealmScript = object;

export interface RealmMaker {
  compile(source: string, filename: string): RealmScript;
  open(): Realm;
}

/** Scripts of components that a cell keeps compiled. */
const KEPT_SCRIPTS = 16;

/**
 * Runs components so that a cell can serve again: the glue, which is generated from the binary, and all that it touches live in a realm of
 * their own, which is made for the run and dropped with it.
 * @param program The text of the bundled `main.ts`.
 */
export function createRealmExecutor(maker: RealmMaker, program: string): Execute {
  const boot = maker.compile(program, 'component-realm.js');
  const scripts = new Recent<RealmScript>(KEPT_SCRIPTS);
  const scriptOf = ({ hash, mode, glue }: ComponentData): RealmScript => {
    const key = `${mode}/${hash}`;
    const known = scripts.get(key);
    if (known !== undefined) return known;
    const script = maker.compile(glueScript(glue), 'component-glue.js');
    scripts.set(key, script);
    return script;
  };
  return async (guest, spec, host) => {
    const data = guest.data as ComponentData; // made by this engine's prepare
    // No code is made of the binary: there is nothing to keep apart.
    if (data.links !== undefined) return execute(guest, spec, host);
    const call = chooseCall(data, spec);
    if ('kind' in call) return { ...call, memoryBytes: 0, fuel: 0, growthRefused: false };
    const glue = scriptOf(data);
    const result = await runInRealm(maker.open(), { boot, glue }, { guest, data, call, spec, host });
    return withToolAnswer(result, call, spec.limits.outputBytes);
  };
}

interface RealmGuest {
  readonly guest: CellGuest;
  readonly data: ComponentData;
  readonly call: Call;
  readonly spec: RunSpec;
  readonly host: GuestHost;
}

function runInRealm(
  realm: Realm,
  scripts: { readonly boot: RealmScript; readonly glue: RealmScript },
  { guest, data, call, spec, host }: RealmGuest,
): Promise<GuestResult> {
  const { promise, resolve, reject } = Promise.withResolvers<GuestResult>();
  /** Nothing enters the realm any more, and what it has made ready never runs. */
  let closed = false;
  let api: RealmApi | undefined;
  const enter = (go: () => void): void => {
    if (closed) return;
    try {
      go();
      if (!closed) realm.turn();
    } catch {
      // Whatever the realm threw may be of the guest's making: it is not looked at.
      closed = true;
      reject(new Error('the realm of a component failed'));
    }
  };
  const given: Uint8Array[] = [spec.stdin];
  const port = createCellPort(host, given, {
    fire: (timer) => enter(() => api?.fire(timer)),
    settle: (id, answer) => enter(() => api?.settle(id, answer)),
    done: (text, bytes) => {
      if (closed) return;
      const result = unpackValue(JSON.parse(text), (place) => bytes[place] ?? new Uint8Array());
      closed = true;
      resolve(result as GuestResult); // the host checks its form, as it does of all that a cell says
    },
  });
  const cores = Object.entries(guest.modules);
  const run: RealmRun = {
    mode: data.mode,
    imports: data.imports,
    cores: cores.map(([name]) => name),
    call: { exported: call.exported, answer: call.answer },
    args: packValue(call.args, (bytes) => given.push(bytes) - 1),
    argv: spec.argv,
    env: spec.env,
    cwd: spec.cwd,
    limits: spec.limits,
    mounts: spec.mounts,
    deterministic: spec.deterministic !== undefined,
    canBlock: host.canBlock,
    sizes: given.map(({ byteLength }) => byteLength),
  };
  enter(() => {
    const start = realm.evaluate(scripts.boot) as BootRealm; // what the program evaluates to
    const connect = start(port, compileTrampoline(), ...cores.map(([, module]) => module));
    api = connect(realm.evaluate(scripts.glue));
    api.run(JSON.stringify(run));
  });
  return promise;
}
