import { malformed } from './malformed.ts';
import type { WitFunction, WitType } from './wit-type.ts';

/** A type with all names expanded, as whoever walks it meets it. */
interface Extent {
  /** Parts, and characters of their names. */
  readonly weight: number;
  readonly depth: number;
  /** The name of a stream or the like in it. */
  readonly opaque?: string | undefined;
}

const MOST_WEIGHT = 100_000;
/** Types are walked by recursion. */
const MOST_DEPTH = 100;
const LEAF: Extent = { weight: 1, depth: 1 };

/** Of each type, made of those of its parts: a few that stand in each other twice are too many to be walked. */
const extents = new WeakMap<WitType, Extent>();

/** A type that has been read, whose parts have been measured. @throws {SandglassError} MODULE_INVALID for one too large to be walked. */
export function measured(type: WitType): WitType {
  const parts = partsOf(type).map(extentOf);
  const weight = parts.reduce((sum, part) => sum + part.weight, 1 + namesOf(type).join('').length);
  const depth = 1 + parts.reduce((most, part) => Math.max(most, part.depth), 0);
  if (weight > MOST_WEIGHT) throw malformed('one of its types is too large');
  if (depth > MOST_DEPTH) throw malformed('its types are nested too deeply');
  const own = type.kind === 'own' && type.resource.opaque === true ? type.resource.name : undefined;
  extents.set(type, { weight, depth, opaque: own ?? firstOpaque(parts) });
  return type;
}

/** What a function takes and gives weighs together, and the name of a stream or the like among it. */
export function extentOfFunction({ params, result }: WitFunction): Pick<Extent, 'weight' | 'opaque'> {
  const all = [...params.map(({ type }) => type), result].map(extentOf);
  return { weight: all.reduce((sum, { weight }) => sum + weight, 0), opaque: firstOpaque(all) };
}

const firstOpaque = (extents: readonly Extent[]): string | undefined =>
  extents.find(({ opaque }) => opaque !== undefined)?.opaque;

const extentOf = (type: WitType | undefined): Extent =>
  (type === undefined ? undefined : extents.get(type)) ?? LEAF;

function partsOf(type: WitType): readonly (WitType | undefined)[] {
  switch (type.kind) {
    case 'list':
    case 'option':
      return [type.element];
    case 'result':
      return [type.ok, type.err];
    case 'tuple':
      return type.items;
    case 'record':
      return type.fields.map((field) => field.type);
    case 'variant':
      return type.cases.map((one) => one.type);
    default:
      return [];
  }
}

function namesOf(type: WitType): readonly string[] {
  switch (type.kind) {
    case 'record':
      return type.fields.map(({ name }) => name);
    case 'variant':
      return type.cases.map(({ name }) => name);
    case 'enum':
    case 'flags':
      return type.names;
    default:
      return [];
  }
}
