/**
 * Globs over one name, matched in time proportional to pattern × name whatever either holds: nothing here goes back. `*` stands for any
 * characters, `?` for one, `[a-z]` and `[!a]` for one of a set, `{a,b}`, `(a|b)` and `a|b` for one of several, `{a..e}` for a range of letters or
 * digits; `?(…)`, `*(…)`, `+(…)` and `@(…)` repeat a group, as does a `+` behind brackets. Anything else stands for itself, and so does a
 * bracket that nothing closes.
 */
export type NameMatcher = (name: string) => boolean;

/** Characters of one pattern, and of all patterns of one list. */
const MAX_PATTERN = 1_024;
const MAX_PATTERNS = 16_384;
/** The same for patterns that need more than stars: each of their characters may be looked at with each of the name. */
const MAX_COMPLEX = 4_096;

/**
 * Refuses a list of patterns that would take long to match.
 * @throws {TypeError} naming the list.
 */
export function checkPatternSizes(patterns: readonly string[], where: string): void {
  const long = patterns.find((pattern) => pattern.length > MAX_PATTERN);
  if (long !== undefined)
    throw new TypeError(`Cannot read ${where}: a pattern has over ${MAX_PATTERN} characters`);
  const sum = (list: readonly string[]): number => list.reduce((total, { length }) => total + length, 0);
  if (sum(patterns) > MAX_PATTERNS)
    throw new TypeError(`Cannot read ${where}: its patterns have over ${MAX_PATTERNS} characters together`);
  if (sum(patterns.filter((pattern) => !isSimple(pattern))) > MAX_COMPLEX)
    throw new TypeError(
      `Cannot read ${where}: its patterns with ?, brackets or braces have over ${MAX_COMPLEX} characters together`,
    );
}

/** @throws {TypeError} on a group that negates, and on a range that is not one. */
export function compileNameGlob(pattern: string, where: string): NameMatcher {
  if (isSimple(pattern)) return compileStarGlob(pattern);
  const machine = new Machine();
  const start = machine.sequence(new Parser(pattern, where).all(), machine.add(ACCEPT, 0, 0));
  return (name) => machine.accepts(start, name);
}

/** No special character but `*`. */
const isSimple = (pattern: string): boolean => !/[?[\]{}()|+]/.test(pattern);

/**
 * `*` alone is special, and stands for at least one character where it stands alone. Each part between stars is looked for where the one
 * before it ended.
 */
export function compileStarGlob(pattern: string): NameMatcher {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => name === first;
  const middle = rest.filter((part) => part !== '');
  return (name) => {
    if (name === '' || !name.startsWith(first)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = name.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return name.length - last.length >= at && name.endsWith(last);
  };
}

type Node =
  | { readonly kind: 'char'; readonly code: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'group'; readonly options: readonly (readonly Node[])[]; readonly repeat: Repeat };

/** How often a group may stand in a row. */
type Repeat = 'once' | 'optional' | 'some' | 'any';

interface CharacterSet {
  readonly negated: boolean;
  /** Pairs of first and last code. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
}

const REPEATS: Readonly<Record<string, Repeat>> = { '?': 'optional', '*': 'any', '+': 'some', '@': 'once' };

class Parser {
  readonly #text: string;
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  all(): readonly Node[] {
    const options = [this.#sequence('|')];
    while (this.#at < this.#text.length) {
      this.#at += 1;
      options.push(this.#sequence('|'));
    }
    return [{ kind: 'group', options, repeat: 'once' }];
  }

  /** Up to one of `ends` outside of brackets, which is left. */
  #sequence(ends: string): readonly Node[] {
    const nodes: Node[] = [];
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || ends.includes(character)) return nodes;
      nodes.push(this.#node(character));
    }
  }

  #node(character: string): Node {
    const text = this.#text;
    if (text[this.#at + 1] === '(' && this.#closing(this.#at + 1, '(', ')')) {
      if (character === '!') throw this.#complain('a group that negates');
      const repeat = REPEATS[character];
      if (repeat !== undefined) {
        this.#at += 1;
        return this.#group('|', ')', repeat);
      }
    }
    if (character === '*') {
      this.#at += 1;
      return { kind: 'star' };
    }
    if (character === '[') {
      const set = this.#set();
      if (set !== undefined) return this.#repeated({ kind: 'set', set });
    }
    if (character === '(' && this.#closing(this.#at, '(', ')')) return this.#group('|', ')', undefined);
    if (character === '{' && this.#isList()) return this.#range() ?? this.#group(',', '}', undefined);
    this.#at += 1;
    return character === '?' ? { kind: 'any' } : { kind: 'char', code: character.charCodeAt(0) };
  }

  #group(separator: string, end: string, repeat: Repeat | undefined): Node {
    const options: (readonly Node[])[] = [];
    do {
      this.#at += 1; // past the opener or the separator
      options.push(this.#sequence(separator + end));
    } while (this.#text[this.#at] === separator);
    this.#at += 1;
    if (repeat !== undefined) return { kind: 'group', options, repeat };
    return this.#repeated({ kind: 'group', options, repeat: 'once' });
  }

  /** With a `+` behind it, which then belongs to it. */
  #repeated(node: Node): Node {
    if (this.#text[this.#at] !== '+' || this.#text[this.#at + 1] === '(') return node;
    this.#at += 1;
    return { kind: 'group', options: [[node]], repeat: 'some' };
  }

  /** Whether what opens at `from` is closed. */
  #closing(from: number, opener: string, closer: string): boolean {
    let depth = 0;
    for (let at = from; at < this.#text.length; at += 1) {
      if (this.#text[at] === opener) depth += 1;
      else if (this.#text[at] === closer && --depth === 0) return true;
    }
    return false;
  }

  /** Whether a `{` is closed, and holds a comma or a range of its own. */
  #isList(): boolean {
    let depth = 0;
    let listed = false;
    for (let at = this.#at; at < this.#text.length; at += 1) {
      const character = this.#text[at];
      if (character === '{') depth += 1;
      else if (depth === 1 && (character === ',' || this.#text.startsWith('..', at))) listed = true;
      else if (character === '}' && --depth === 0) return listed;
    }
    return false;
  }

  /** `{a..e}`; `undefined` when it is a list. */
  #range(): Node | undefined {
    const inside = this.#text.slice(this.#at + 1, this.#text.indexOf('}', this.#at));
    if (!inside.includes('..') || inside.includes(',') || inside.includes('{')) return undefined;
    const first = inside.charCodeAt(0);
    const last = inside.charCodeAt(3);
    if (inside.length !== 4 || inside.slice(1, 3) !== '..') throw this.#complain(`the range {${inside}}`);
    this.#at += 6;
    const ranges = [[Math.min(first, last), Math.max(first, last)] as const];
    return this.#repeated({ kind: 'set', set: { negated: false, ranges } });
  }

  /** `undefined` when it is not a set, and the bracket stands for itself. */
  #set(): CharacterSet | undefined {
    const text = this.#text;
    let at = this.#at + 1;
    const negated = text[at] === '!' || text[at] === '^';
    if (negated) at += 1;
    const ranges: (readonly [number, number])[] = [];
    for (let isFirst = true; ; isFirst = false) {
      const character = text[at];
      if (character === undefined) return undefined;
      if (character === ']' && !isFirst) break;
      const first = text.charCodeAt(at);
      if (text[at + 1] === '-' && text[at + 2] !== undefined && text[at + 2] !== ']') {
        ranges.push([first, text.charCodeAt(at + 2)]);
        at += 3;
      } else {
        ranges.push([first, first]);
        at += 1;
      }
    }
    this.#at = at + 1;
    return { negated, ranges };
  }

  #complain(what: string): TypeError {
    return new TypeError(`Cannot read ${this.#where}: ${what} in ${JSON.stringify(this.#text)}`);
  }
}

const ACCEPT = -1;
const SPLIT = -2;
const ANY = -3;
const SET = -4;

/** States that are all followed at once, so that each character of a name meets each state at most once (Thompson, 1968). */
class Machine {
  /** By state: a character code, or one of the kinds above. */
  readonly #kinds: number[] = [];
  readonly #next: number[] = [];
  readonly #other: number[] = [];
  readonly #sets = new Map<number, CharacterSet>();

  add(kind: number, next: number, other: number): number {
    this.#next.push(next);
    this.#other.push(other);
    return this.#kinds.push(kind) - 1;
  }

  /** @returns The state that begins `nodes`, after which comes `next`. */
  sequence(nodes: readonly Node[], next: number): number {
    return nodes.reduceRight((after, node) => this.#node(node, after), next);
  }

  #node(node: Node, next: number): number {
    if (node.kind === 'char') return this.add(node.code, next, 0);
    if (node.kind === 'any') return this.add(ANY, next, 0);
    if (node.kind === 'set') {
      const state = this.add(SET, next, 0);
      this.#sets.set(state, node.set);
      return state;
    }
    if (node.kind === 'star') {
      const fork = this.add(SPLIT, next, next);
      this.#other[fork] = this.add(ANY, fork, 0);
      return fork;
    }
    const { options, repeat } = node;
    const again = repeat === 'some' || repeat === 'any' ? this.add(SPLIT, next, next) : next;
    let entry = repeat === 'optional' || repeat === 'any' ? next : -1;
    for (const option of options) {
      const start = this.sequence(option, again);
      entry = entry === -1 ? start : this.add(SPLIT, entry, start);
    }
    if (again !== next) this.#other[again] = entry;
    return entry;
  }

  accepts(start: number, name: string): boolean {
    /** By state: the step at which it was last reached. */
    const reached = new Int32Array(this.#kinds.length).fill(-1);
    let active: number[] = [];
    this.#follow(start, 0, reached, active);
    for (let at = 0; at < name.length && active.length > 0; at += 1) {
      const code = name.charCodeAt(at);
      const after: number[] = [];
      for (const state of active) {
        if (this.#takes(state, code)) this.#follow(this.#next[state] ?? 0, at + 1, reached, after);
      }
      active = after;
    }
    return active.some((state) => this.#kinds[state] === ACCEPT);
  }

  #takes(state: number, code: number): boolean {
    const kind = this.#kinds[state] ?? ACCEPT;
    if (kind >= 0) return kind === code;
    if (kind === ANY) return true;
    const set = this.#sets.get(state);
    if (set === undefined) return false;
    return set.ranges.some(([first, last]) => code >= first && code <= last) !== set.negated;
  }

  /** Adds `state`, and all that is reached from it without a character. */
  #follow(state: number, step: number, reached: Int32Array, into: number[]): void {
    const pending = [state];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (reached[next] === step) continue;
      reached[next] = step;
      if (this.#kinds[next] === SPLIT) pending.push(this.#next[next] ?? 0, this.#other[next] ?? 0);
      else into.push(next);
    }
  }
}
