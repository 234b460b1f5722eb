import type {
  CellGuest,
  Execute,
  GuestEnd,
  GuestHost,
  GuestResult,
  RunSpec,
} from '../../contracts/engine.ts';
import { KEPT_MEMORY } from '../../vocabulary/kept-memory.ts';
import { createMeter, type Meter } from '../../wasm/meter.ts';
import { type Call, chooseCall, type Misuse } from './choose-call.ts';
import type { ComponentData } from './component-data.ts';
import { type ComponentRun, createGuestRun } from './component-run.ts';
import type { CoreModule, InstantiateGlue } from './glue/load-glue.ts';
import { partsOfName } from './glue/names.ts';
import { implementImports } from './interfaces/implement-imports.ts';
import { createKeptResources, type KeptResources } from './resources.ts';
import { attempt, DROP, functionOf, withStatus } from './run-call.ts';
import { withToolAnswer } from './tool-answer.ts';
import { classify } from './verdict.ts';

/** How the one instance is made. */
export interface KeptParts {
  readonly instantiate: InstantiateGlue;
  readonly getCore: (name: string) => CoreModule;
}

/**
 * Keeps one instance of a component for the calls of a session: its memories, its globals, and the resources that it gave away. Each call has its
 * own host, fuel and output. Files and streams of the host that an earlier call has opened are closed for it.
 */
export function keepComponent(partsOf: (guest: CellGuest) => Promise<KeptParts>): Execute {
  const resources = createKeptResources();
  const memories = new Set<WebAssembly.Memory>();
  const cores: WebAssembly.Instance[] = [];
  let present: ComponentRun | undefined;
  const run = forwarding(() => {
    if (present === undefined) throw new TypeError('Cannot call out: no call is under way');
    return present;
  });
  let instance: unknown;
  /** Of the last call: it has all instances. */
  let latest: Meter | undefined;
  const memoryBytes = (): number => {
    let sum = latest?.heapUsed ?? 0;
    for (const { buffer } of memories) sum += buffer.byteLength;
    return sum;
  };

  return async (guest, spec, host): Promise<GuestResult> => {
    const data = guest.data as ComponentData; // made by this engine's prepare
    const call = keptCall(data, spec, resources);
    if ('kind' in call) return { ...call, memoryBytes: memoryBytes(), fuel: 0, growthRefused: false };
    host.trackMemory(memoryBytes);
    let overgrown = false;
    const isOver = (): boolean => {
      overgrown ||= memoryBytes() > spec.limits.memoryBytes;
      return overgrown;
    };
    const meter = meterOf(data, spec, host, isOver);
    latest = meter;
    host.trackFuel?.(() => meter.used);
    const mine = createGuestRun(host, spec, data.mode, {
      stop: () => meter.stop('cancelled'),
      charge: meter.charge,
      left: meter.left,
    });
    present = mine;
    for (const core of cores) meter.attach(core);
    const parts = instance === undefined ? await partsOf(guest) : undefined;
    const outcome = await attempt(mine, () => {
      instance ??= parts?.instantiate(
        parts.getCore,
        implementImports(run, data.imports),
        (module, imports) => {
          const made = new WebAssembly.Instance(
            module as WebAssembly.Module, // what getCore gave
            withStatus(imports, run.noteStatus),
          );
          const exports = meter.attach(made);
          cores.push(made);
          for (const item of Object.values(exports))
            if (item instanceof WebAssembly.Memory) memories.add(item);
          meter.start(made);
          return { exports };
        },
      );
      return functionOf(instance, call)(...call.args);
    });
    if (outcome.kind === 'threw' && outcome.thrown instanceof Error) meter.trapped();
    isOver();
    const result: GuestResult = {
      ...classify({ outcome, call, run: mine, meter, overgrown, resources }),
      memoryBytes: memoryBytes(),
      fuel: meter.used,
      growthRefused: meter.growthRefused || overgrown,
    };
    meter.release();
    return withToolAnswer(result, call, spec.limits.outputBytes);
  };
}

function meterOf(data: ComponentData, spec: RunSpec, host: GuestHost, isOver: () => boolean): Meter {
  return createMeter({
    fuel: spec.limits.fuel,
    onSlice: () => (isOver() ? 'cancelled' : host.stopReason()),
    ...(data.mode === 'jspi' && host.turns !== undefined ? { turns: host.turns } : {}),
  });
}

function keptCall(data: ComponentData, spec: RunSpec, resources: KeptResources): Call | Misuse | GuestEnd {
  if (spec.invoke === KEPT_MEMORY.read || spec.invoke === KEPT_MEMORY.write)
    return refused('Cannot reach the memory of a component: it passes values, not addresses');
  resources.begin();
  const call = chooseCall(withDrop(data, spec.invoke), spec, resources);
  if ('kind' in call) return call;
  if (call.answer === 'command')
    return refused('Cannot call it in a session: a command runs from its start to its end');
  resources.commit();
  return call;
}

/** A handle is let go of by the name that core code has for it: `[resource-drop]counter`. */
function withDrop(data: ComponentData, invoke = ''): ComponentData {
  const { kind, resource } = partsOfName(invoke);
  if (kind !== DROP) return data;
  const self = { name: 'self', type: { kind: 'own', resource: { name: resource } } } as const;
  const exported = { name: invoke, function: invoke, type: { params: [self], result: undefined } };
  return { ...data, exports: [...data.exports, exported] };
}

const refused = (message: string): GuestEnd => ({ kind: 'invalid', code: 'INPUT_INVALID', message });

/** What the imports of the one instance see: whichever call is under way. */
function forwarding(present: () => ComponentRun): ComponentRun {
  return {
    get host() {
      return present().host;
    },
    get spec() {
      return present().spec;
    },
    get mode() {
      return present().mode;
    },
    get chunkBytes() {
      return present().chunkBytes;
    },
    get ended() {
      return present().ended;
    },
    get order() {
      return present().order;
    },
    ending: () => present().ending(),
    end: (ending) => present().end(ending),
    noteStatus: (code) => present().noteStatus(code),
    exit: (status) => present().exit(status),
    check: () => present().check(),
    call: (operation, args, bytes) => present().call(operation, args, bytes),
    send: (operation, args) => present().send(operation, args),
    write: (stream, bytes) => present().write(stream, bytes),
    now: () => present().now(),
    nanoseconds: () => present().nanoseconds(),
    sleep: (milliseconds) => present().sleep(milliseconds),
    charge: (bytes) => present().charge(bytes),
    chargeItems: (count) => present().chargeItems(count),
    enter: () => present().enter(),
    leave: () => present().leave(),
    pay: (bytes) => present().pay(bytes),
    hold: (count) => present().hold(count),
  };
}
