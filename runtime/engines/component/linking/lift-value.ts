import { setOwn } from '../../../vocabulary/json.ts';
import { camelCase } from '../glue/names.ts';
import { isNullable, type WitType } from '../types/wit-type.ts';
import type { CoreReader } from './core-values.ts';
import { aligned, layoutOf, payloadOffset, payloadsOf, type Sum, tagBytes } from './layout.ts';
import { type Pass, placeIn } from './pass.ts';
import { PassError } from './pass-error.ts';

// Values out of the guest, as the Canonical ABI has them (`load`, `lift_flat`), in the forms that `to-json.ts` and the host functions take:
// those of the generated glue.

/** A value in the guest's memory. */
export function load(pass: Pass, type: WitType, at: number): unknown {
  const view = pass.view();
  switch (type.kind) {
    case 'bool':
      return view.getUint8(at) !== 0;
    case 'u8':
      return view.getUint8(at);
    case 's8':
      return view.getInt8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 's16':
      return view.getInt16(at, true);
    case 'u32':
      return view.getUint32(at, true);
    case 's32':
      return view.getInt32(at, true);
    case 'u64':
      return view.getBigUint64(at, true);
    case 's64':
      return view.getBigInt64(at, true);
    case 'f32':
      return view.getFloat32(at, true);
    case 'f64':
      return view.getFloat64(at, true);
    case 'char':
      return charOf(view.getUint32(at, true));
    case 'string':
      return text(pass, view.getUint32(at, true), view.getUint32(at + 4, true));
    case 'list':
      return list(pass, type.element, view.getUint32(at, true), view.getUint32(at + 4, true));
    case 'own':
    case 'borrow':
      return handle(pass, type, view.getUint32(at, true));
    case 'record':
    case 'tuple': {
      let next = at;
      return compound(type, (part) => {
        const { size, align } = layoutOf(part);
        const place = aligned(next, align);
        next = place + size;
        return load(pass, part, place);
      });
    }
    case 'flags':
      return flags(type.names, tag(view, at, layoutOf(type).size));
    case 'enum':
      return nameAt(type.names, tag(view, at, tagBytes(type.names.length)));
    default: {
      const cases = payloadsOf(type);
      const chosen = tag(view, at, tagBytes(cases.length));
      const payload = payloadAt(cases, chosen);
      return sum(type, chosen, payload && load(pass, payload, at + payloadOffset(type)));
    }
  }
}

/** A value that comes as numbers. */
export function lift(pass: Pass, type: WitType, from: CoreReader): unknown {
  switch (type.kind) {
    case 'bool':
      return from.next('i32') !== 0;
    case 'u8':
      return Number(from.next('i32')) & 0xff;
    case 's8':
      return (Number(from.next('i32')) << 24) >> 24;
    case 'u16':
      return Number(from.next('i32')) & 0xffff;
    case 's16':
      return (Number(from.next('i32')) << 16) >> 16;
    case 'u32':
      return Number(from.next('i32')) >>> 0;
    case 's32':
      return Number(from.next('i32')) | 0;
    case 'u64':
      return BigInt.asUintN(64, BigInt(from.next('i64')));
    case 's64':
      return BigInt.asIntN(64, BigInt(from.next('i64')));
    case 'f32':
      return from.next('f32');
    case 'f64':
      return from.next('f64');
    case 'char':
      return charOf(Number(from.next('i32')) >>> 0);
    case 'string':
      return text(pass, Number(from.next('i32')) >>> 0, Number(from.next('i32')) >>> 0);
    case 'list':
      return list(pass, type.element, Number(from.next('i32')) >>> 0, Number(from.next('i32')) >>> 0);
    case 'own':
    case 'borrow':
      return handle(pass, type, Number(from.next('i32')));
    case 'record':
    case 'tuple':
      return compound(type, (part) => lift(pass, part, from));
    case 'flags':
      return flags(type.names, Number(from.next('i32')) >>> 0);
    case 'enum':
      return nameAt(type.names, Number(from.next('i32')) >>> 0);
    default: {
      const end = from.at + layoutOf(type).flat.length;
      const cases = payloadsOf(type);
      const chosen = Number(from.next('i32')) >>> 0;
      const payload = payloadAt(cases, chosen);
      const value = payload && lift(pass, payload, from);
      from.skipTo(end);
      return sum(type, chosen, value);
    }
  }
}

const tag = (view: DataView, at: number, bytes: number): number => {
  if (bytes === 1) return view.getUint8(at);
  return bytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
};

function charOf(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    throw new PassError('a char is not a Unicode scalar value');
  return String.fromCodePoint(code);
}

/** Longest text that the Canonical ABI lets pass, bytes. */
const MAX_TEXT = 2 ** 31 - 1;

function text(pass: Pass, pointer: number, units: number): string {
  const wide = pass.encoding === 'utf-16';
  const size = wide ? units * 2 : units;
  if (size > MAX_TEXT) throw new PassError('a text is too long');
  const view = pass.view();
  const at = placeIn(view, pointer, size, wide ? 2 : 1);
  return pass.decode(new Uint8Array(view.buffer, at, size), pass.encoding);
}

type NumberList = new (buffer: ArrayBuffer) => ArrayLike<number | bigint>;

/** Lists of numbers are copied whole. */
const COPIED: ReadonlyMap<WitType['kind'], NumberList> = new Map<WitType['kind'], NumberList>([
  ['u8', Uint8Array],
  ['s8', Int8Array],
  ['u16', Uint16Array],
  ['s16', Int16Array],
  ['u32', Uint32Array],
  ['s32', Int32Array],
  ['u64', BigUint64Array],
  ['s64', BigInt64Array],
  ['f32', Float32Array],
  ['f64', Float64Array],
]);

function list(pass: Pass, element: WitType, pointer: number, count: number): unknown {
  const { size, align } = layoutOf(element);
  const view = pass.view();
  const copied = COPIED.get(element.kind);
  // Accounted for before it is looked at: a length that is a lie is too much, wherever it points.
  if (copied === undefined) pass.chargeItems(count);
  else pass.charge(count * size);
  const at = placeIn(view, pointer, count * size, align);
  if (copied !== undefined) return new copied(view.buffer.slice(at, at + count * size));
  const items: unknown[] = [];
  for (let index = 0; index < count; index += 1) items.push(load(pass, element, at + index * size));
  return items;
}

const handle = (pass: Pass, type: WitType & { kind: 'own' | 'borrow' }, number: number): object =>
  type.kind === 'own'
    ? pass.handles.remove(type.resource.name, number)
    : pass.handles.get(type.resource.name, number);

function compound(type: WitType & { kind: 'record' | 'tuple' }, read: (part: WitType) => unknown): unknown {
  if (type.kind === 'tuple') return type.items.map(read);
  const record: Record<string, unknown> = {};
  for (const field of type.fields) setOwn(record, camelCase(field.name), read(field.type));
  return record;
}

const flags = (names: readonly string[], set: number): Record<string, boolean> =>
  Object.fromEntries(names.map((name, index) => [camelCase(name), ((set >>> index) & 1) === 1]));

function nameAt(names: readonly string[], place: number): string {
  const name = names[place];
  if (name === undefined) throw new PassError('there is no such case');
  return name;
}

function payloadAt(cases: readonly (WitType | undefined)[], place: number): WitType | undefined {
  if (place >= cases.length) throw new PassError('there is no such case');
  return cases[place];
}

function sum(type: Sum, chosen: number, val: unknown): unknown {
  switch (type.kind) {
    case 'option':
      if (!isNullable(type.element)) return chosen === 0 ? undefined : val;
      return chosen === 0 ? { tag: 'none' } : { tag: 'some', val };
    case 'result':
      return { tag: chosen === 0 ? 'ok' : 'err', val };
    default: {
      const name = nameAt(
        type.cases.map((one) => one.name),
        chosen,
      );
      return val === undefined ? { tag: name } : { tag: name, val };
    }
  }
}
