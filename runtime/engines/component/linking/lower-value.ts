import { camelCase } from '../glue/names.ts';
import { isNullable, type WitType } from '../types/wit-type.ts';
import type { CoreWriter } from './core-values.ts';
import { aligned, layoutOf, payloadOffset, payloadsOf, type Sum, tagBytes } from './layout.ts';
import { allocate, type Pass } from './pass.ts';

// Values into the guest, as the Canonical ABI has them (`store`, `lower_flat`). They are of our own making: arguments went through `fromJson`,
// answers come from the host functions.

/** A value into the guest's memory, at a place that is there. */
export function store(pass: Pass, type: WitType, value: unknown, at: number): void {
  const view = pass.view();
  switch (type.kind) {
    case 'bool':
      view.setUint8(at, value === true ? 1 : 0);
      break;
    case 'u8':
    case 's8':
      view.setUint8(at, Number(value));
      break;
    case 'u16':
    case 's16':
      view.setUint16(at, Number(value), true);
      break;
    case 'u32':
    case 's32':
      view.setUint32(at, Number(value), true);
      break;
    case 'u64':
    case 's64':
      view.setBigUint64(at, BigInt.asUintN(64, value as bigint), true); // by the type
      break;
    case 'f32':
      view.setFloat32(at, Number(value), true);
      break;
    case 'f64':
      view.setFloat64(at, Number(value), true);
      break;
    case 'char':
      view.setUint32(at, codeOf(value), true);
      break;
    case 'string':
      storePair(pass, at, putText(pass, value));
      break;
    case 'list':
      storePair(pass, at, putList(pass, type.element, value));
      break;
    case 'own':
    case 'borrow':
      view.setUint32(at, handle(pass, type, value), true);
      break;
    case 'record':
    case 'tuple': {
      let next = at;
      for (const [part, item] of partsOf(type, value)) {
        const { size, align } = layoutOf(part);
        const place = aligned(next, align);
        next = place + size;
        store(pass, part, item, place);
      }
      break;
    }
    case 'flags':
      storeTag(view, at, layoutOf(type).size, bitsOf(type.names, value));
      break;
    case 'enum':
      storeTag(view, at, tagBytes(type.names.length), placeOf(type.names, value));
      break;
    default: {
      const cases = payloadsOf(type);
      const { place, payload } = chosen(type, value);
      storeTag(view, at, tagBytes(cases.length), place);
      const carried = cases[place];
      if (carried !== undefined) store(pass, carried, payload, at + payloadOffset(type));
    }
  }
}

/** A value as numbers. */
export function lower(pass: Pass, type: WitType, value: unknown, into: CoreWriter): void {
  switch (type.kind) {
    case 'bool':
      into.add(value === true ? 1 : 0, 'i32');
      break;
    case 'u8':
    case 's8':
    case 'u16':
    case 's16':
    case 'u32':
    case 's32':
      into.add(Number(value) | 0, 'i32');
      break;
    case 'u64':
    case 's64':
      into.add(value as bigint, 'i64'); // by the type
      break;
    case 'f32':
      into.add(Math.fround(Number(value)), 'f32');
      break;
    case 'f64':
      into.add(Number(value), 'f64');
      break;
    case 'char':
      into.add(codeOf(value), 'i32');
      break;
    case 'string':
      addPair(into, putText(pass, value));
      break;
    case 'list':
      addPair(into, putList(pass, type.element, value));
      break;
    case 'own':
    case 'borrow':
      into.add(handle(pass, type, value), 'i32');
      break;
    case 'record':
    case 'tuple':
      for (const [part, item] of partsOf(type, value)) lower(pass, part, item, into);
      break;
    case 'flags':
      into.add(bitsOf(type.names, value) | 0, 'i32');
      break;
    case 'enum':
      into.add(placeOf(type.names, value), 'i32');
      break;
    default: {
      const end = into.values.length + layoutOf(type).flat.length;
      const { place, payload } = chosen(type, value);
      into.add(place, 'i32');
      const carried = payloadsOf(type)[place];
      if (carried !== undefined) lower(pass, carried, payload, into);
      into.fillTo(end);
    }
  }
}

type Pair = readonly [pointer: number, count: number];

function storePair(pass: Pass, at: number, [pointer, count]: Pair): void {
  const view = pass.view(); // the guest's allocator was called: its memory may have grown
  view.setUint32(at, pointer, true);
  view.setUint32(at + 4, count, true);
}

function addPair(into: CoreWriter, [pointer, count]: Pair): void {
  into.add(pointer | 0, 'i32');
  into.add(count | 0, 'i32');
}

function storeTag(view: DataView, at: number, bytes: number, value: number): void {
  if (bytes === 1) view.setUint8(at, value);
  else if (bytes === 2) view.setUint16(at, value, true);
  else view.setUint32(at, value, true);
}

const encoder = new TextEncoder();

function putText(pass: Pass, value: unknown): Pair {
  if (typeof value !== 'string') throw new TypeError('expected a text');
  if (pass.encoding === 'utf-16') {
    const at = allocate(pass, value.length * 2, 2);
    const view = pass.view();
    for (let index = 0; index < value.length; index += 1)
      view.setUint16(at + index * 2, value.charCodeAt(index), true);
    return [at, value.length];
  }
  if (value === '') return [1, 0];
  const bytes = encoder.encode(value);
  const at = allocate(pass, bytes.byteLength, 1);
  new Uint8Array(pass.view().buffer, at, bytes.byteLength).set(bytes);
  return [at, bytes.byteLength];
}

function putList(pass: Pass, element: WitType, value: unknown): Pair {
  const { size, align } = layoutOf(element);
  const items = value as ArrayLike<unknown>; // by the type: an array, or a typed one for numbers
  const count = items.length;
  const at = allocate(pass, count * size, align);
  if (element.kind === 'u8' && items instanceof Uint8Array)
    new Uint8Array(pass.view().buffer, at, count).set(items);
  else for (let index = 0; index < count; index += 1) store(pass, element, items[index], at + index * size);
  return [at, count];
}

function handle(pass: Pass, type: WitType & { kind: 'own' | 'borrow' }, value: unknown): number {
  if (type.kind === 'borrow' || typeof value !== 'object' || value === null)
    throw new TypeError('expected a resource that is given away');
  return pass.handles.add(type.resource.name, value);
}

const codeOf = (value: unknown): number => String(value).codePointAt(0) ?? 0;

function partsOf(
  type: WitType & { kind: 'record' | 'tuple' },
  value: unknown,
): readonly (readonly [WitType, unknown])[] {
  if (type.kind === 'tuple') {
    const items = value as readonly unknown[]; // by the type
    return type.items.map((item, index) => [item, items[index]]);
  }
  const fields = value as Readonly<Record<string, unknown>>; // by the type
  return type.fields.map((field) => [field.type, fields[camelCase(field.name)]]);
}

function bitsOf(names: readonly string[], value: unknown): number {
  const set = value as Readonly<Record<string, unknown>>; // by the type
  return (
    names.reduce((bits, name, index) => (set[camelCase(name)] === true ? bits | (1 << index) : bits), 0) >>> 0
  );
}

function placeOf(names: readonly string[], value: unknown): number {
  const place = names.indexOf(String(value));
  if (place < 0) throw new TypeError('expected a name of the enum');
  return place;
}

interface Chosen {
  readonly place: number;
  readonly payload: unknown;
}

function chosen(type: Sum, value: unknown): Chosen {
  if (type.kind === 'option' && !isNullable(type.element))
    return value === undefined || value === null
      ? { place: 0, payload: undefined }
      : { place: 1, payload: value };
  const { tag, val } = value as { readonly tag: string; readonly val?: unknown }; // by the type
  if (type.kind === 'option') return { place: tag === 'none' ? 0 : 1, payload: val };
  if (type.kind === 'result') return { place: tag === 'ok' ? 0 : 1, payload: val };
  const names = type.cases.map(({ name }) => name);
  return { place: placeOf(names, tag), payload: val };
}
