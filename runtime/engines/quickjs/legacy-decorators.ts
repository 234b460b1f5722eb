import { parse } from './lower.ts';

/** A node of the parser: what is looked at here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}
type Change = readonly [from: number, to: number, text: string];

/** Longest text that is read: it is, before the run, on the host's side. */
const MOST_TEXT = 100_000;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
const listOf = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** What the helpers of the compiler do, as functions that are there from the start of the text. */
const HELPERS = `
function __decorate(list, target, key, kind) {
  let at = list.length;
  let found = key === undefined ? target : kind === null ? Object.getOwnPropertyDescriptor(target, key) : undefined;
  while (at-- > 0) if (typeof list[at] === 'function')
    found = (key === undefined ? list[at](found) : kind === null ? list[at](target, key, found) : list[at](target, key)) || found;
  if (key !== undefined && found) Object.defineProperty(target, key, found);
  return found;
}
function __param(index, decorator) { return (target, key) => { decorator(target, key, index); }; }
function __metadata(key, value) { return typeof Reflect.metadata === 'function' ? Reflect.metadata(key, value) : undefined; }`;

/**
 * Decorators as TypeScript had them before the standard did (`experimentalDecorators`), written as calls after their class; types stay for
 * whoever removes them, and lines stay where they are. `undefined` where the text cannot be read.
 */
export function applyLegacyDecorators(code: string, filename: string): string | undefined {
  if (code.length > MOST_TEXT || code.includes('__decorate')) return undefined;
  const tells = /\bdesign:|\breflect-metadata\b|\bReflect\.(?:get|has)/.test(code);
  const changes: Change[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one);
    if (!isNode(value)) return;
    if (value.type === 'ClassDeclaration') decorate(code, value, tells, changes);
    for (const [name, field] of Object.entries(value)) if (name !== 'loc' && name !== 'extra') visit(field);
  };
  try {
    visit(parse(code, filename));
  } catch {
    return undefined; // the type remover says what is wrong with it
  }
  let text = '';
  let at = 0;
  for (const [from, to, piece] of changes.sort((a, b) => a[0] - b[0])) {
    text += code.slice(at, from) + piece;
    at = to;
  }
  return text + code.slice(at) + HELPERS;
}

/** Takes the decorators off a class, and has them called behind it: of its members, then of its static ones, then its own. */
function decorate(code: string, node: Node, tells: boolean, changes: Change[]): void {
  const name = (node.id as Node | null)?.name;
  if (typeof name !== 'string') return;
  const slice = ({ start, end }: Node): string => code.slice(start, end).replaceAll('\n', ' ');
  const taken = (from: Node): string[] =>
    listOf(from.decorators).map((one) => {
      changes.push([one.start, one.end, blank(code.slice(one.start, one.end))]);
      return slice(one.expression as Node);
    });
  const ofParameters = (method: Node): string[] =>
    listOf(method.params).flatMap((parameter, index) =>
      taken(parameter).map((one) => `__param(${index}, ${one})`),
    );
  const calls: [string[], string[]] = [[], []];
  let ofConstructor: readonly string[] = [];
  let count = 0;
  for (const member of listOf((node.body as Node).body)) {
    const own = taken(member);
    const list = [...own, ...ofParameters(member)];
    if (member.kind === 'constructor') {
      ofConstructor = [...list, ...(tells ? typesOf(member, false) : [])];
      continue;
    }
    if (list.length === 0) continue;
    const isField = member.type === 'ClassProperty';
    if (tells) list.push(...typesOf(member, isField));
    const key = keyOf(member, slice);
    const target = member.static === true ? name : `${name}.prototype`;
    calls[member.static === true ? 1 : 0].push(
      `__decorate([${list.join(', ')}], ${target}, ${key}, ${isField ? 'undefined' : 'null'});`,
    );
    if (isField && member.static !== true)
      assign(code, member, key, `#__field${count++}`, listOf(member.decorators), changes);
  }
  const all = [...taken(node), ...ofConstructor];
  const last = all.length > 0 && (listOf(node.decorators).length > 0 || ofConstructor.length > 0);
  const whole = [
    ...calls[0],
    ...calls[1],
    ...(last ? [`${name} = __decorate([${all.join(', ')}], ${name}) as typeof ${name};`] : []),
  ];
  if (whole.length > 0) changes.push([node.end, node.end, ` ${whole.join(' ')}`]);
}

/** A decorated field is assigned, not defined, so that what its decorator left on the prototype takes it; one without a value is a type only. */
function assign(
  code: string,
  member: Node,
  key: string,
  hidden: string,
  decorators: readonly Node[],
  changes: Change[],
): void {
  const from = Math.max(member.start, ...decorators.map(({ end }) => end));
  const value = member.value as Node | null;
  if (value === null || value === undefined) {
    changes.push([from, member.end, blank(code.slice(from, member.end))]);
    return;
  }
  const lines = code.slice(from, value.start).replace(/[^\n]/g, '');
  changes.push([from, value.start, `${lines} ${hidden} = (this[${key}] = `], [value.end, value.end, ')']);
}

function keyOf(member: Node, slice: (node: Node) => string): string {
  const key = member.key as Node;
  if (member.computed === true) return slice(key);
  return key.type === 'Identifier' ? JSON.stringify(key.name) : slice(key);
}

/** What `emitDecoratorMetadata` tells of a member. */
function typesOf(member: Node, isField: boolean): string[] {
  if (isField) return [`__metadata("design:type", ${typeName(member)})`];
  const parameters = listOf(member.params).map((one) =>
    typeName(one.type === 'TSParameterProperty' ? (one.parameter as Node) : one),
  );
  const told = `__metadata("design:paramtypes", [${parameters.join(', ')}])`;
  if (member.kind === 'constructor') return [told];
  const type =
    member.kind === 'get' ? typeName({ ...member, typeAnnotation: member.returnType }) : 'Function';
  const returns =
    member.returnType === undefined
      ? 'undefined'
      : typeName({ ...member, typeAnnotation: member.returnType });
  return [`__metadata("design:type", ${type})`, told, `__metadata("design:returntype", ${returns})`];
}

const KEYWORDS: Readonly<Record<string, string>> = {
  TSStringKeyword: 'String',
  TSNumberKeyword: 'Number',
  TSBooleanKeyword: 'Boolean',
  TSBigIntKeyword: 'BigInt',
  TSSymbolKeyword: 'Symbol',
  TSVoidKeyword: 'undefined',
  TSUndefinedKeyword: 'undefined',
  TSNullKeyword: 'undefined',
  TSNeverKeyword: 'undefined',
  TSArrayType: 'Array',
  TSTupleType: 'Array',
  TSFunctionType: 'Function',
  TSConstructorType: 'Function',
};

/** The value that stands for a type at run time. */
function typeName(node: Node): string {
  const annotated = node.type === 'AssignmentPattern' ? (node.left as Node) : node;
  const type = (annotated.typeAnnotation as Node | undefined)?.typeAnnotation as Node | undefined;
  if (type === undefined) return 'Object';
  const known = KEYWORDS[type.type];
  if (known !== undefined) return known;
  const name = (type.typeName as Node | undefined)?.name;
  return type.type === 'TSTypeReference' && typeof name === 'string'
    ? `(typeof ${name} === "undefined" ? Object : ${name})`
    : 'Object';
}
