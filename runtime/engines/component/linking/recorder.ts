import type { ComponentTypes, FunctionItem, Item } from '../types/model.ts';
import type { Resource, WitFunction } from '../types/wit-type.ts';
import type {
  CoreInstance,
  CoreItem,
  FunctionOrigin,
  Lifted,
  LiftedExport,
  LinkPlan,
  LoweredFunction,
  PassOptions,
} from './link-plan.ts';

/** Bounds of a core module in the binary. */
export interface ModulePlace {
  readonly start: number;
  readonly end: number;
}

/** Writes down how a component is linked while its binary is read. */
export interface Recorder {
  /** A core module, once each time that its section is read; answers its place. */
  module(place: ModulePlace): number;
  /** Answers the place of the instance. */
  instance(instance: CoreInstance): number;
  lower(item: FunctionItem, options: PassOptions): CoreItem;
  drop(resource: Resource): CoreItem;
  /** There is something that no plan says. */
  giveUp(): CoreItem;
  /** The import as its users find it: functions of it know where they come from, resources are the host's. */
  supply(name: string, item: Item): Item;
  /** @returns `undefined` after `giveUp`. */
  finish(exports: ComponentTypes['exports']): Links | undefined;
}

export interface Links {
  readonly plan: LinkPlan;
  readonly modules: readonly ModulePlace[];
  /** Resources that the host implements. */
  readonly resources: ReadonlySet<Resource>;
}

const UNKNOWN: CoreItem = { kind: 'unknown' };

export function createRecorder(): Recorder {
  let possible = true;
  const modules: ModulePlace[] = [];
  const byStart = new Map<number, number>();
  const instances: CoreInstance[] = [];
  const imports: LoweredFunction[] = [];
  const resources = new Set<Resource>();
  const giveUp = (): CoreItem => {
    possible = false;
    return UNKNOWN;
  };
  const supplyOne = (name: string, functionName: string, item: Item): Item => {
    if (item.sort === 'type' && item.type.kind === 'resource') resources.add(item.type.resource);
    if (item.sort !== 'func') return item;
    return { ...item, origin: { kind: 'import', interface: name, function: functionName } };
  };
  return {
    module: (place) => {
      const known = byStart.get(place.start);
      if (known !== undefined) return known;
      byStart.set(place.start, modules.length);
      return modules.push(place) - 1;
    },
    instance: (instance) => instances.push(instance) - 1,
    lower: ({ type, origin }, options) => {
      const lowered = loweredOf(type, options, origin);
      return lowered === undefined ? giveUp() : { kind: 'import', place: imports.push(lowered) - 1 };
    },
    drop: (resource) => (resources.has(resource) ? { kind: 'drop', resource: resource.name } : giveUp()),
    giveUp,
    supply: (name, item) => {
      if (item.sort !== 'instance') return item;
      const exports = new Map([...item.exports].map(([key, part]) => [key, supplyOne(name, key, part)]));
      return { sort: 'instance', exports };
    },
    finish: (exports) => {
      const lifted = [...exports].map(([name, item]) => liftedOf(name, item));
      if (!possible || lifted.includes(undefined)) return undefined;
      return {
        plan: { instances, imports, exports: lifted.flatMap((some) => some ?? []) },
        modules,
        resources,
      };
    },
  };
}

function loweredOf(
  type: WitFunction,
  options: PassOptions,
  origin: FunctionOrigin | undefined,
): LoweredFunction | undefined {
  if (origin?.kind === 'import')
    return { kind: 'host', interface: origin.interface, function: origin.function, type, options };
  if (origin?.kind !== 'lift' || origin.home.lowers > 0) return undefined;
  return { kind: 'inner', type, options, target: liftedBy(origin) };
}

const liftedBy = ({ type, core, options }: Lifted): Lifted => ({ type, core, options });

/** What of an export can be called; `undefined` for what no plan says. */
function liftedOf(name: string, item: Item): readonly LiftedExport[] | undefined {
  if (item.sort === 'func') {
    const lifted = lift(name, item);
    return lifted === undefined ? undefined : [lifted];
  }
  if (item.sort !== 'instance') return item.sort === 'type' && item.type.kind === 'resource' ? undefined : [];
  const found: LiftedExport[] = [];
  for (const [key, part] of item.exports) {
    if (part.sort === 'type' && part.type.kind !== 'resource') continue;
    const lifted = part.sort === 'func' ? lift(key, part) : undefined;
    if (lifted === undefined) return undefined;
    found.push({ ...lifted, interface: name });
  }
  return found;
}

const lift = (name: string, { origin }: FunctionItem): LiftedExport | undefined =>
  origin?.kind === 'lift' ? { function: name, ...liftedBy(origin) } : undefined;
