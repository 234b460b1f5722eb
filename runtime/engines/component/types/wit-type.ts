/** A component-model value type, all names resolved. */
export type WitType =
  | { readonly kind: Primitive }
  | { readonly kind: 'list'; readonly element: WitType }
  | { readonly kind: 'option'; readonly element: WitType }
  | { readonly kind: 'result'; readonly ok: WitType | undefined; readonly err: WitType | undefined }
  | { readonly kind: 'tuple'; readonly items: readonly WitType[] }
  | { readonly kind: 'record'; readonly fields: readonly Field[] }
  | { readonly kind: 'variant'; readonly cases: readonly Case[] }
  | { readonly kind: 'enum'; readonly names: readonly string[] }
  | { readonly kind: 'flags'; readonly names: readonly string[] }
  | { readonly kind: 'own' | 'borrow'; readonly resource: Resource };

export type Primitive =
  | 'bool'
  | 's8'
  | 'u8'
  | 's16'
  | 'u16'
  | 's32'
  | 'u32'
  | 's64'
  | 'u64'
  | 'f32'
  | 'f64'
  | 'char'
  | 'string';

export interface Field {
  readonly name: string;
  readonly type: WitType;
}

export interface Case {
  readonly name: string;
  readonly type: WitType | undefined;
}

export interface Resource {
  /** `wasi:io/poll.pollable` for an imported one, without its version; a guest's own resources have their bare name. */
  readonly name: string;
  /** A stream or the like: read so that the function that has it can be named, and refused with it. */
  readonly opaque?: true;
}

export interface WitFunction {
  readonly params: readonly Field[];
  readonly result: WitType | undefined;
}

/** Interface name without its version: the part that decides what is meant. */
export const unversioned = (name: string): string => {
  const at = name.indexOf('@');
  return at < 0 ? name : name.slice(0, at);
};

/** A type as WIT spells it, all names expanded, so that equal text means equal structure. */
export function typeText(type: WitType): string {
  switch (type.kind) {
    case 'list':
    case 'option':
      return `${type.kind}<${typeText(type.element)}>`;
    case 'result': {
      const ok = type.ok === undefined ? undefined : typeText(type.ok);
      const err = type.err === undefined ? undefined : typeText(type.err);
      if (err === undefined) return ok === undefined ? 'result' : `result<${ok}>`;
      return `result<${ok ?? '_'}, ${err}>`;
    }
    case 'tuple':
      return `tuple<${type.items.map(typeText).join(', ')}>`;
    case 'record':
      return `record { ${type.fields.map(({ name, type: field }) => `${name}: ${typeText(field)}`).join(', ')} }`;
    case 'variant':
      return `variant { ${type.cases.map(caseText).join(', ')} }`;
    case 'enum':
    case 'flags':
      return `${type.kind} { ${type.names.join(', ')} }`;
    case 'own':
      return type.resource.name;
    case 'borrow':
      return `borrow<${type.resource.name}>`;
    default:
      return type.kind;
  }
}

const caseText = ({ name, type }: Case): string => (type === undefined ? name : `${name}(${typeText(type)})`);

/** `func(a: s32) -> s64`, expanded as by `typeText`. */
export function functionText({ params, result }: WitFunction): string {
  const list = params.map(({ name, type }) => `${name}: ${typeText(type)}`).join(', ');
  return `func(${list})${result === undefined ? '' : ` -> ${typeText(result)}`}`;
}

/** An option whose absence the glue tells by `undefined` alone, and its value by itself; every other one has a mark. */
export const isNullable = (type: WitType): boolean => type.kind === 'option' && !isNullable(type.element);
