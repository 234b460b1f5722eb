import type { Case, WitFunction, WitType } from '../types/wit-type.ts';

/** A core value type that component values are made of. */
export type CoreType = 'i32' | 'i64' | 'f32' | 'f64';

/** A type in memory, and as core values. */
export interface Layout {
  readonly size: number;
  readonly align: number;
  readonly flat: readonly CoreType[];
}

/** How a function looks to core code. */
export interface CoreSignature {
  readonly params: readonly CoreType[];
  readonly results: readonly CoreType[];
}

/** Functions of the Canonical ABI pass this many core values; with more, a pointer to them. */
export const MAX_FLAT_PARAMS = 16;
export const MAX_FLAT_RESULTS = 1;

const known = new WeakMap<WitType, Layout>();

/** Canonical ABI, `alignment`, `elem_size`, `flatten_type`. A list is known by its type: it is computed once. */
export function layoutOf(type: WitType): Layout {
  const seen = known.get(type);
  if (seen !== undefined) return seen;
  const made = compute(type);
  known.set(type, made);
  return made;
}

const scalar = (size: number, flat: CoreType): Layout => ({ size, align: size, flat: [flat] });

function compute(type: WitType): Layout {
  switch (type.kind) {
    case 'bool':
    case 'u8':
    case 's8':
      return scalar(1, 'i32');
    case 'u16':
    case 's16':
      return scalar(2, 'i32');
    case 'u32':
    case 's32':
    case 'char':
    case 'own':
    case 'borrow':
      return scalar(4, 'i32');
    case 'u64':
    case 's64':
      return scalar(8, 'i64');
    case 'f32':
      return scalar(4, 'f32');
    case 'f64':
      return scalar(8, 'f64');
    case 'string':
    case 'list':
      return { size: 8, align: 4, flat: ['i32', 'i32'] };
    case 'record':
      return inSequence(type.fields.map((field) => field.type));
    case 'tuple':
      return inSequence(type.items);
    case 'flags':
      return scalar(flagsBytes(type.names.length), 'i32');
    case 'enum':
      return scalar(tagBytes(type.names.length), 'i32');
    default: {
      const cases = payloadsOf(type);
      const tag = tagBytes(cases.length);
      const { size, align } = largest(cases);
      const whole = Math.max(tag, align);
      return {
        size: aligned(aligned(tag, align) + size, whole),
        align: whole,
        flat: ['i32', ...joined(cases)],
      };
    }
  }
}

function inSequence(types: readonly WitType[]): Layout {
  let size = 0;
  let align = 1;
  const flat: CoreType[] = [];
  for (const type of types) {
    const part = layoutOf(type);
    size = aligned(size, part.align) + part.size;
    align = Math.max(align, part.align);
    flat.push(...part.flat);
  }
  return { size: aligned(size, align), align, flat };
}

export type Sum = Extract<WitType, { kind: 'variant' | 'option' | 'result' }>;

/** What each case carries: an option is a variant of none and some, a result one of ok and err. */
export function payloadsOf(type: Sum): readonly (WitType | undefined)[] {
  switch (type.kind) {
    case 'option':
      return [undefined, type.element];
    case 'result':
      return [type.ok, type.err];
    default:
      return type.cases.map((one: Case) => one.type);
  }
}

function largest(cases: readonly (WitType | undefined)[]): { readonly size: number; readonly align: number } {
  let size = 0;
  let align = 1;
  for (const one of cases) {
    if (one === undefined) continue;
    const layout = layoutOf(one);
    size = Math.max(size, layout.size);
    align = Math.max(align, layout.align);
  }
  return { size, align };
}

/** Core values that can hold those of any case. */
function joined(cases: readonly (WitType | undefined)[]): CoreType[] {
  const flat: CoreType[] = [];
  for (const one of cases) {
    if (one === undefined) continue;
    for (const [index, type] of layoutOf(one).flat.entries()) {
      const other = flat[index];
      flat[index] = other === undefined || other === type ? type : narrow(other, type) ? 'i32' : 'i64';
    }
  }
  return flat;
}

const narrow = (a: CoreType, b: CoreType): boolean => a.endsWith('32') && b.endsWith('32');

/** Where the payload of a variant stands behind its tag. */
export const payloadOffset = (type: Sum): number => {
  const cases = payloadsOf(type);
  return aligned(tagBytes(cases.length), largest(cases).align);
};

export const aligned = (offset: number, align: number): number => Math.ceil(offset / align) * align;

/** Bytes that tell so many cases apart. */
export const tagBytes = (cases: number): 1 | 2 | 4 => (cases <= 0x100 ? 1 : cases <= 0x10000 ? 2 : 4);

const flagsBytes = (names: number): 1 | 2 | 4 => (names <= 8 ? 1 : names <= 16 ? 2 : 4);

/** `lift`: the guest's own function, called from outside. `lower`: one of the host, called by the guest. */
export function coreSignature({ params, result }: WitFunction, way: 'lift' | 'lower'): CoreSignature {
  const flat = params.flatMap(({ type }) => layoutOf(type).flat);
  const given: readonly CoreType[] = flat.length > MAX_FLAT_PARAMS ? ['i32'] : flat;
  const results = result === undefined ? [] : layoutOf(result).flat;
  if (results.length <= MAX_FLAT_RESULTS) return { params: given, results };
  // In memory: the guest says where its result is, or where it wants that of the host.
  return way === 'lift' ? { params: given, results: ['i32'] } : { params: [...given, 'i32'], results: [] };
}

/** Values of a type may lie in memory, and not only as core values: text, lists, and what there are too many of. */
export const needsMemory = (types: readonly (WitType | undefined)[]): boolean =>
  types.some((type) => type !== undefined && holdsPointer(type));

const pointers = new WeakMap<WitType, boolean>();

function holdsPointer(type: WitType): boolean {
  const seen = pointers.get(type);
  if (seen !== undefined) return seen;
  const holds = ((): boolean => {
    switch (type.kind) {
      case 'string':
      case 'list':
        return true;
      case 'record':
        return type.fields.some((field) => holdsPointer(field.type));
      case 'tuple':
        return type.items.some(holdsPointer);
      case 'variant':
      case 'option':
      case 'result':
        return needsMemory(payloadsOf(type));
      default:
        return false;
    }
  })();
  pointers.set(type, holds);
  return holds;
}
