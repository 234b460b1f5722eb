const FRAME = /^\s*at (?:(.*) \()?([^()]*?)(?::(\d+):(\d+))?\)?$/;

/** A frame as V8 hands it to `Error.prepareStackTrace`, as far as its text tells. */
class CallSite {
  readonly #text: string;
  readonly #name: string | null;
  readonly #file: string | null;
  readonly #line: number | null;
  readonly #column: number | null;
  constructor(text: string) {
    const [, name, file, line, column] = FRAME.exec(text) ?? [];
    this.#text = text.trim().slice('at '.length);
    this.#name = name === undefined || name[0] === '<' ? null : name;
    this.#file = file ?? null;
    this.#line = line === undefined ? null : +line;
    this.#column = column === undefined ? null : +column;
  }
  getFunctionName(): string | null {
    return this.#name;
  }
  getMethodName(): string | null {
    return this.#name === null ? null : (this.#name.split('.').at(-1) ?? null);
  }
  getFileName(): string | null {
    return this.#file;
  }
  getScriptNameOrSourceURL(): string | null {
    return this.#file;
  }
  getLineNumber(): number | null {
    return this.#line;
  }
  getColumnNumber(): number | null {
    return this.#column;
  }
  getTypeName(): string | null {
    return null;
  }
  getThis(): undefined {
    return undefined;
  }
  getFunction(): undefined {
    return undefined;
  }
  getEvalOrigin(): undefined {
    return undefined;
  }
  getPromiseIndex(): null {
    return null;
  }
  isNative(): boolean {
    return this.#file === 'native';
  }
  isToplevel(): boolean {
    return this.#name === null;
  }
  isConstructor(): boolean {
    return false;
  }
  isEval(): boolean {
    return false;
  }
  isAsync(): boolean {
    return false;
  }
  isPromiseAll(): boolean {
    return false;
  }
  toString(): string {
    return this.#text;
  }
}

/** The frames of a stack, a line each. */
export const callSites = (frames: string): readonly CallSite[] =>
  frames === '' ? [] : frames.split('\n').map((line) => new CallSite(line));
