import { parse } from '@bytecodealliance/jco-transpile/wasm-tools';
import wabt from 'wabt';
import { callExactly } from './call-wrapper.ts';
import {
  atomOf,
  bytesOfLiteral,
  type Expression,
  headOf,
  isList,
  type List,
  readScript,
  textOfLiteral,
} from './s-expression.ts';
import { alternatives, isNumeric, matches, readValue, type Value } from './values.ts';

/** Turns a module as written into one to run, and an instance into the exports to use. */
export interface Treatment {
  readonly rewrite: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  readonly open: (instance: WebAssembly.Instance) => WebAssembly.Exports;
}

/** What became of one command of a script. */
export interface Verdict {
  readonly line: number;
  readonly command: string;
  readonly passed: boolean;
  readonly reason?: string;
}

const EXTERN = Symbol('extern');
const assembler = await wabt();

/** Modules in text to binaries; by wabt what wasm-tools no longer reads: legacy exceptions. Kept, for each script runs twice. */
const binaries = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

async function assemble(text: string): Promise<Uint8Array<ArrayBuffer>> {
  let made = binaries.get(text);
  if (made === undefined) {
    made = parse(text)
      .then((bytes) => new Uint8Array(bytes))
      .catch(() => {
        const module = assembler.parseWat('spec.wat', text, {
          exceptions: true,
          tail_call: true,
          memory64: true,
        });
        const { buffer } = module.toBinary({});
        module.destroy();
        return new Uint8Array(buffer);
      });
    made.catch(() => undefined);
    binaries.set(text, made);
  }
  return made;
}

export const forgetBinaries = (): void => binaries.clear();

/** Runs the commands of one script; what a module needs of another, it gets treated alike. */
export async function runScript(source: string, treatment: Treatment): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const script = new Script(treatment);
  for (const command of readScript(source)) {
    const head = headOf(command);
    try {
      const passed = await script.run(command);
      if (passed !== undefined) verdicts.push({ line: command.line, command: head, passed });
    } catch (error) {
      const reason = String(error).slice(0, 200);
      verdicts.push({ line: command.line, command: head, passed: false, reason });
    }
  }
  return verdicts;
}

class Script {
  readonly #treatment: Treatment;
  readonly #named = new Map<string, WebAssembly.Exports>();
  readonly #definitions = new Map<string, List>();
  readonly #registered: Record<string, WebAssembly.Exports> = Object.create(null);
  #current: WebAssembly.Exports = Object.create(null);
  #lastDefinition: List | undefined;

  constructor(treatment: Treatment) {
    this.#treatment = treatment;
    const none = (): void => undefined;
    this.#registered.spectest = {
      print: none as never,
      print_i32: none as never,
      print_i64: none as never,
      print_f32: none as never,
      print_f64: none as never,
      print_i32_f32: none as never,
      print_f64_f64: none as never,
      global_i32: new WebAssembly.Global({ value: 'i32' }, 666),
      global_i64: new WebAssembly.Global({ value: 'i64' }, 666n),
      global_f32: new WebAssembly.Global({ value: 'f32' }, 666.6),
      global_f64: new WebAssembly.Global({ value: 'f64' }, 666.6),
      table: new WebAssembly.Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
      memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
    };
  }

  /** Whether the command did what it should; `undefined` for what is not an assertion. */
  async run(command: List): Promise<boolean | undefined> {
    const [, first, ...rest] = command.items;
    switch (headOf(command)) {
      case 'module':
        return this.#module(command);
      case 'register': {
        const from = atomOf(rest[0]);
        this.#registered[textOfLiteral(atomOf(first))] = from === '' ? this.#current : this.#exportsOf(from);
        return undefined;
      }
      case 'invoke':
      case 'get':
        this.#act(command, undefined);
        return true;
      case 'assert_return':
        return isList(first) && this.#act(first, rest);
      case 'assert_trap':
        if (headOf(first) === 'module')
          return this.#fails(first, (error) => error instanceof WebAssembly.RuntimeError);
        return isList(first) && this.#throws(first, (error) => error instanceof WebAssembly.RuntimeError);
      case 'assert_exhaustion':
        return isList(first) && this.#throws(first, (error) => error instanceof RangeError);
      case 'assert_exception':
        return isList(first) && this.#throws(first, (error) => error instanceof WebAssembly.Exception);
      case 'assert_unlinkable':
        return this.#fails(
          first,
          (error) => error instanceof WebAssembly.LinkError || error instanceof TypeError,
        );
      case 'assert_invalid':
      case 'assert_malformed':
        return this.#isRefused(first);
      default:
        return undefined;
    }
  }

  #exportsOf(name: string): WebAssembly.Exports {
    const found = this.#named.get(name);
    if (found === undefined) throw new Error(`no module ${name}`);
    return found;
  }

  async #module(command: List): Promise<boolean> {
    const words = command.items.slice(1).map(atomOf);
    const plain = words.filter((word) => word.startsWith('$'));
    if (words[0] === 'definition') {
      this.#lastDefinition = command;
      if (plain[0] !== undefined) this.#definitions.set(plain[0], command);
      new WebAssembly.Module(this.#treatment.rewrite(await binaryOf(command)));
      return true;
    }
    let definition = command;
    if (words[0] === 'instance')
      definition = this.#definitions.get(plain[1] ?? '') ?? this.#lastDefinition ?? command;
    const exports = await this.#instantiate(definition);
    this.#current = exports;
    if (plain[0] !== undefined) this.#named.set(plain[0], exports);
    return true;
  }

  async #instantiate(command: List): Promise<WebAssembly.Exports> {
    const module = new WebAssembly.Module(this.#treatment.rewrite(await binaryOf(command)));
    return this.#treatment.open(new WebAssembly.Instance(module, this.#registered as WebAssembly.Imports)); // exports are importable
  }

  async #fails(module: Expression | undefined, expected: (error: unknown) => boolean): Promise<boolean> {
    if (!isList(module)) return false;
    try {
      await this.#instantiate(module);
      return false;
    } catch (error) {
      return expected(error);
    }
  }

  async #isRefused(module: Expression | undefined): Promise<boolean> {
    if (!isList(module)) return false;
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = await binaryOf(module);
    } catch {
      return true; // malformed text, which the assembler refuses
    }
    try {
      return !WebAssembly.validate(this.#treatment.rewrite(bytes));
    } catch {
      return true;
    }
  }

  #throws(action: List, expected: (error: unknown) => boolean): boolean {
    try {
      this.#act(action, undefined);
      return false;
    } catch (error) {
      return expected(error);
    }
  }

  /** Does an action and compares what comes back, bit for bit where all of it is numeric. */
  #act(action: List, expected: readonly Expression[] | undefined): boolean {
    const operands = action.items.slice(1);
    const name = atomOf(operands[0]).startsWith('$') ? atomOf(operands.shift()) : undefined;
    const exports = name === undefined ? this.#current : this.#exportsOf(name);
    const item = exports[textOfLiteral(atomOf(operands.shift()))];
    if (headOf(action) === 'get') {
      const value = (item as WebAssembly.Global).value; // the script says so
      return expected === undefined || sameAll([value], expected);
    }
    if (typeof item !== 'function') throw new Error('no such function');
    const exact = expected?.map(alternatives);
    if (operands.every(isNumeric) && exact?.every((choices) => choices.every(isNumeric)) !== false) {
      const wanted = exact?.map((choices) => choices.filter(isNumeric).map(readValue)) ?? [];
      const types = wanted.map((values) => values[0]?.type ?? 'i32');
      if (expected === undefined) {
        item(...operands.map(toJavaScript));
        return true;
      }
      const results = callExactly(item, operands.map(readValue), types);
      return wanted.every((values, index) =>
        values.some((value) => matches(value, results[index] ?? new Uint8Array())),
      );
    }
    const result: unknown = item(...operands.map(toJavaScript));
    return (
      expected === undefined || sameAll(expected.length > 1 ? (result as unknown[]) : [result], expected)
    );
  }
}

async function binaryOf(module: List): Promise<Uint8Array<ArrayBuffer>> {
  const words = module.items.slice(1);
  while (['definition', 'instance'].includes(atomOf(words[0])) || atomOf(words[0]).startsWith('$'))
    words.shift();
  const form = atomOf(words[0]);
  const literals = words.slice(1).map(atomOf);
  if (form === 'binary') {
    const parts = literals.map(bytesOfLiteral);
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
  if (form === 'quote') return assemble(`(module ${literals.map(textOfLiteral).join(' ')})`);
  return assemble(module.text.replace(/^\(module\s+definition/, '(module'));
}

function toJavaScript(expression: Expression): unknown {
  if (isNumeric(expression)) {
    const { type, bytes } = readValue(expression);
    const view = new DataView(bytes.buffer);
    if (type === 'i32') return view.getInt32(0, true);
    if (type === 'i64') return view.getBigInt64(0, true);
    if (type === 'f32') return view.getFloat32(0, true);
    if (type === 'f64') return view.getFloat64(0, true);
    throw new Error('a vector beside a reference');
  }
  if (headOf(expression) === 'ref.null') return null;
  if (isList(expression)) return externOf(atomOf(expression.items[1]));
  throw new Error('unknown argument');
}

const externs = new Map<string, object>();
function externOf(id: string): object {
  let found = externs.get(id);
  if (found === undefined) {
    found = { [EXTERN]: id };
    externs.set(id, found);
  }
  return found;
}

function sameAll(actual: readonly unknown[], expected: readonly Expression[]): boolean {
  return expected.every((want, index) => alternatives(want).some((choice) => same(actual[index], choice)));
}

function same(actual: unknown, expected: Expression): boolean {
  if (isNumeric(expected)) {
    const value: Value = readValue(expected);
    if (value.nans.some((nan) => nan !== undefined)) return Number.isNaN(actual);
    return Object.is(actual, toJavaScript(expected));
  }
  const head = headOf(expected);
  const id = isList(expected) ? atomOf(expected.items[1]) : '';
  if (head === 'ref.null') return actual === null;
  if (head === 'ref.extern' || head === 'ref.host')
    return id === '' ? actual !== null : actual === externOf(id);
  if (head === 'ref.func') return typeof actual === 'function';
  if (head === 'ref.i31') return typeof actual === 'number';
  if (head === 'ref.struct' || head === 'ref.array' || head === 'ref.eq' || head === 'ref.any')
    return actual !== null;
  throw new Error(`unknown result ${head}`);
}
