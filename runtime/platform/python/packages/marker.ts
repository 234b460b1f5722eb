import { gt, gte, lt, lte } from '@renovatebot/pep440';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { PYTHON_FULL, PYTHON_SHORT } from './python-version.ts';

/** What the interpreter says of itself (PEP 508, environment markers). */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  os_name: 'posix',
  sys_platform: 'emscripten',
  platform_machine: 'wasm32',
  platform_python_implementation: 'CPython',
  platform_release: '',
  platform_system: 'Emscripten',
  platform_version: '',
  python_version: PYTHON_SHORT,
  python_full_version: PYTHON_FULL,
  implementation_name: 'cpython',
  implementation_version: PYTHON_FULL,
};
const VERSIONS = new Set(['python_version', 'python_full_version', 'implementation_version']);

const TOKEN = /\s*(?:([()])|("[^"]*"|'[^']*')|(===|~=|==|!=|<=|>=|<|>)|([A-Za-z_][\w.]*))/y;
/** Markers of real packages have a handful of terms; deeper ones would only fill the stack. */
const MAX_TOKENS = 500;
const MAX_DEPTH = 50;

interface Operand {
  /** Of a variable. */
  readonly name?: string;
  readonly value: string;
}

/**
 * Evaluates an environment marker of PEP 508 for Python guests.
 * @param extras What was asked for of the package: `extra == "x"` holds for each.
 * @throws {SandglassError} INPUT_INVALID on a marker that cannot be read.
 */
export function evaluateMarker(text: string, extras: readonly string[]): boolean {
  return new MarkerReader(tokensOf(text), text, extras).evaluate();
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) {
      if (text.slice(at).trim() === '') break;
      throw malformed(text);
    }
    tokens.push(found[0].trim());
    at = TOKEN.lastIndex;
    if (tokens.length > MAX_TOKENS) throw malformed(text);
  }
  return tokens;
}

const malformed = (text: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot read the marker ${JSON.stringify(text.slice(0, 100))}`);

class MarkerReader {
  readonly #tokens: readonly string[];
  readonly #text: string;
  readonly #extras: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[], text: string, extras: readonly string[]) {
    this.#tokens = tokens;
    this.#text = text;
    this.#extras = extras;
  }

  evaluate(): boolean {
    const answer = this.#or();
    if (this.#at !== this.#tokens.length) throw malformed(this.#text);
    return answer;
  }

  #take(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw malformed(this.#text);
    this.#at += 1;
    return token;
  }

  #or(): boolean {
    let answer = this.#and();
    while (this.#tokens[this.#at] === 'or') {
      this.#at += 1;
      const right = this.#and(); // read in any case
      answer = answer || right;
    }
    return answer;
  }

  #and(): boolean {
    let answer = this.#term();
    while (this.#tokens[this.#at] === 'and') {
      this.#at += 1;
      const right = this.#term();
      answer = answer && right;
    }
    return answer;
  }

  #term(): boolean {
    if (this.#tokens[this.#at] !== '(') return this.#comparison();
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw malformed(this.#text);
    this.#at += 1;
    const answer = this.#or();
    if (this.#take() !== ')') throw malformed(this.#text);
    this.#depth -= 1;
    return answer;
  }

  #comparison(): boolean {
    const left = this.#operand();
    let operator = this.#take();
    if (operator === 'not') operator = `not ${this.#take()}`;
    const right = this.#operand();
    if (left.name === 'extra' || right.name === 'extra') {
      const asked = this.#extras.includes((left.name === 'extra' ? right : left).value.toLowerCase());
      return operator === '!=' ? !asked : asked;
    }
    const versions = VERSIONS.has(left.name ?? '') || VERSIONS.has(right.name ?? '');
    return this.#compare(left.value, operator, right.value, versions);
  }

  #operand(): Operand {
    const token = this.#take();
    if (token.startsWith('"') || token.startsWith("'")) return { value: token.slice(1, -1) };
    const value = token === 'extra' ? '' : ENVIRONMENT[token.replace('.', '_')];
    if (value === undefined) throw malformed(this.#text);
    return { name: token, value };
  }

  #compare(left: string, operator: string, right: string, versions: boolean): boolean {
    switch (operator) {
      case '==':
      case '===':
        return right.endsWith('.*') ? `${left}.`.startsWith(right.slice(0, -1)) : left === right;
      case '!=':
        return left !== right;
      case 'in':
        return right.includes(left);
      case 'not in':
        return !right.includes(left);
      case '<':
        return versions ? lt(left, right) : left < right;
      case '<=':
        return versions ? lte(left, right) : left <= right;
      case '>':
        return versions ? gt(left, right) : left > right;
      case '>=':
      case '~=':
        return versions ? gte(left, right) : left >= right;
      default:
        throw malformed(this.#text);
    }
  }
}
