import type { ExternalKind, ModuleShape } from '../../../wasm/module-shape.ts';
import { readShape } from '../../../wasm/read-shape.ts';
import { Reader } from '../../../wasm/reader.ts';
import { splitSections } from '../../../wasm/sections.ts';
import { readValueTypeName } from '../../../wasm/type-text.ts';
import { functionText, type Resource, type WitFunction, type WitType } from '../types/wit-type.ts';
import {
  coreSignature,
  layoutOf,
  MAX_FLAT_PARAMS,
  MAX_FLAT_RESULTS,
  needsMemory,
  payloadsOf,
} from './layout.ts';
import type { CoreInstance, CoreItem, LinkPlan, PassOptions } from './link-plan.ts';
import type { Links } from './recorder.ts';

/** Parts of types, written out: a type may hold another one many times, in few bytes. */
const MAX_TYPE_PARTS = 50_000;
const MAX_TYPE_DEPTH = 64;
const MAX_FLAGS = 32;

/**
 * Whether a plan says all that the component means, and its parts fit: every core import is there, every function has the type that values
 * are passed by. What does not is the generator's to refuse, or to run.
 */
export function checkLinks(bytes: Uint8Array, { plan, modules, resources }: Links): boolean {
  const shapes = modules.map(({ start, end }) => moduleOf(bytes, start, end));
  const look = (item: CoreItem | undefined): Found | undefined => find(item, plan, shapes);
  const called = plan.imports.flatMap((one) => (one.kind === 'inner' ? [one.target] : []));
  const lifted = [...plan.exports, ...called];
  const functions = [...plan.imports, ...lifted].map(({ type }) => type);
  return (
    areKnown(functions, resources) &&
    called.every(({ type }) => !passesHandles(type)) &&
    plan.instances.every((instance) => isLinked(instance, shapes, look)) &&
    plan.imports.every(({ type, options }) => canPass(type, options, 'lower', look)) &&
    plan.imports.every((one) => one.kind !== 'inner' || typesAlike(one.type, one.target.type)) &&
    lifted.every(
      ({ type, core, options }) =>
        look(core) === functionOf(coreSignature(type, 'lift')) &&
        canPass(type, options, 'lift', look) &&
        (options.postReturn === undefined ||
          look(options.postReturn) ===
            functionOf({ params: coreSignature(type, 'lift').results, results: [] })),
    )
  );
}

function isLinked(
  instance: CoreInstance,
  shapes: readonly CoreModule[],
  look: (item: CoreItem) => Found | undefined,
): boolean {
  if (instance.kind === 'parts') return instance.parts.every(([, item]) => look(item) !== undefined);
  const args = new Map(instance.args);
  const shape = shapes[instance.module];
  if (shape === undefined) return false;
  return shape.imports.every(({ module, name, found }) => {
    const from = args.get(module);
    return from !== undefined && look({ kind: 'export', instance: from, name }) === found;
  });
}

const typesAlike = (one: WitFunction, other: WitFunction): boolean =>
  functionText(one) === functionText(other);

/** A core item by its kind, a function by its type. */
type Found = string;

const functionOf = ({ params, results }: { params: readonly string[]; results: readonly string[] }): Found =>
  `function (${params.join()}) -> (${results.join()})`;

interface CoreModule {
  readonly imports: readonly { readonly module: string; readonly name: string; readonly found: Found }[];
  readonly exports: ReadonlyMap<string, Found>;
}

function moduleOf(bytes: Uint8Array, start: number, end: number): CoreModule {
  const shape = readShape(bytes, splitSections(bytes, start, end));
  const next: Record<ExternalKind, number> = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
  const imports = shape.imports.map(({ module, name, kind }) => {
    const found = describe(bytes, shape, kind, next[kind]);
    next[kind] += 1;
    return { module, name, found };
  });
  const exports = shape.exports.map(
    ({ name, kind, index }) => [name, describe(bytes, shape, kind, index)] as const,
  );
  return { imports, exports: new Map(exports) };
}

/** Limits and types of what is no function are left to the platform, which links no memory to a table. */
function describe(bytes: Uint8Array, shape: ModuleShape, kind: ExternalKind, index: number): Found {
  if (kind !== 'function') return kind;
  const type = shape.functionTypes[index] ?? -1;
  const at = shape.types.at[type];
  if (at === undefined) return 'function';
  const reader = new Reader(bytes, at);
  const params = reader.vector(() => readValueTypeName(reader));
  return functionOf({ params, results: reader.vector(() => readValueTypeName(reader)) });
}

function find(item: CoreItem | undefined, plan: LinkPlan, shapes: readonly CoreModule[]): Found | undefined {
  if (item === undefined || item.kind === 'unknown') return undefined;
  if (item.kind === 'drop') return functionOf({ params: ['i32'], results: [] });
  if (item.kind === 'import') {
    const lowered = plan.imports[item.place];
    return lowered === undefined ? undefined : functionOf(coreSignature(lowered.type, 'lower'));
  }
  const instance = plan.instances[item.instance];
  if (instance === undefined) return undefined;
  if (instance.kind === 'module') return shapes[instance.module]?.exports.get(item.name);
  const part = instance.parts.findLast(([name]) => name === item.name)?.[1];
  return find(part, plan, shapes); // parts are of instances before it: this ends
}

const REALLOC = functionOf({ params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] });

function canPass(
  type: WitFunction,
  { memory, realloc }: PassOptions,
  way: 'lift' | 'lower',
  look: (item: CoreItem | undefined) => Found | undefined,
): boolean {
  if (memory !== undefined && look(memory) !== 'memory') return false;
  if (realloc !== undefined && look(realloc) !== REALLOC) return false;
  const { inward, outward } = directions(type, way);
  const wants = needsMemory([...inward, ...outward]) || overflows(type);
  if (wants && memory === undefined) return false;
  const allocates = needsMemory(inward) || (way === 'lift' && paramsOverflow(type));
  return !allocates || realloc !== undefined;
}

/** What goes into the guest, and what comes out of it. */
function directions({ params, result }: WitFunction, way: 'lift' | 'lower') {
  const given = params.map((param) => param.type);
  return way === 'lift' ? { inward: given, outward: [result] } : { inward: [result], outward: given };
}

const paramsOverflow = ({ params }: WitFunction): boolean =>
  params.reduce((sum, { type }) => sum + layoutOf(type).flat.length, 0) > MAX_FLAT_PARAMS;

const overflows = (type: WitFunction): boolean =>
  paramsOverflow(type) || (type.result !== undefined && layoutOf(type.result).flat.length > MAX_FLAT_RESULTS);

/** All handles are of the host's resources, and types are not too many when written out. */
function areKnown(functions: readonly WitFunction[], resources: ReadonlySet<Resource>): boolean {
  const weights = new Map<WitType, number>();
  const weigh = (type: WitType | undefined, depth: number): number => {
    if (type === undefined) return 0;
    if (depth > MAX_TYPE_DEPTH) return Number.POSITIVE_INFINITY;
    const seen = weights.get(type);
    if (seen !== undefined) return seen;
    const weight = 1 + partsOf(type).reduce((sum, part) => sum + weigh(part, depth + 1), 0) + namesOf(type);
    const allowed = isKnown(type, resources) ? weight : Number.POSITIVE_INFINITY;
    weights.set(type, allowed);
    return allowed;
  };
  const total = functions.reduce(
    (sum, { params, result }) =>
      sum + weigh(result, 0) + params.reduce((part, { type }) => part + weigh(type, 0), 0),
    0,
  );
  return total <= MAX_TYPE_PARTS;
}

/** Handles are of one component; between two they would be given over. */
const passesHandles = ({ params, result }: WitFunction): boolean =>
  [result, ...params.map((param) => param.type)].some((type) => type !== undefined && holdsHandle(type));

const holdsHandle = (type: WitType): boolean =>
  type.kind === 'own' ||
  type.kind === 'borrow' ||
  partsOf(type).some((part) => part !== undefined && holdsHandle(part));

const namesOf = (type: WitType): number => (type.kind === 'enum' ? type.names.length : 0);

function isKnown(type: WitType, resources: ReadonlySet<Resource>): boolean {
  if (type.kind === 'own' || type.kind === 'borrow') return resources.has(type.resource);
  return type.kind !== 'flags' || (type.names.length > 0 && type.names.length <= MAX_FLAGS);
}

function partsOf(type: WitType): readonly (WitType | undefined)[] {
  switch (type.kind) {
    case 'list':
      return [type.element];
    case 'record':
      return type.fields.map((field) => field.type);
    case 'tuple':
      return type.items;
    case 'variant':
    case 'option':
    case 'result':
      return payloadsOf(type);
    default:
      return [];
  }
}
