import { HASHES_WASM } from './code.ts';
import { WORD } from './layout.ts';
import type { HashPlan } from './plan.ts';

/** The lists that are worked through in wasm, in the order in which they stand in its own memory. */
const LISTS = ['texts', 'caches', 'textDicts', 'sets'] as const satisfies readonly (keyof HashPlan)[];

/**
 * What is done tens of thousands of times before every run, in wasm of our own over the interpreter's memory: it makes no garbage, and is
 * compiled once for all interpreters of a thread.
 */
export interface Hasher {
  /** Takes the secret from where the interpreter has it. */
  takeSecret(address: number): void;
  /** Each text remembers the hash that it has with the secret. */
  texts(): void;
  /** Other objects forget theirs. */
  forget(): void;
  /** Keys of dicts that are all `str`, by the hashes of these. */
  textDicts(): void;
  /** Sets, by the hashes of their `str` keys; any other key keeps the hash that it has there. */
  sets(): void;
}

interface HasherExports {
  readonly list: WebAssembly.Memory;
  readonly room: WebAssembly.Global<'i32'>;
  readonly text: WebAssembly.Global<'i32'>;
  secret(address: number): void;
  texts(from: number, count: number): void;
  forget(from: number, count: number): void;
  dicts(from: number, count: number): void;
  sets(from: number, count: number): void;
}

let compiled: WebAssembly.Module | undefined;
/** A thread's memory serves one interpreter after another, and most of them start from one snapshot. */
const opened = new WeakMap<
  WebAssembly.Memory,
  { readonly exports: HasherExports; plan: HashPlan | undefined }
>();

/**
 * @param textType Address of `PyUnicode_Type`.
 * @param plan Not changed from now on: its lists are copied once.
 */
export function openHasher(memory: WebAssembly.Memory, textType: number, plan: HashPlan): Hasher {
  const own = opened.get(memory) ?? { exports: instanceOver(memory), plan: undefined };
  opened.set(memory, own);
  const { exports } = own;
  if (own.plan !== plan) copyLists(exports, plan);
  own.plan = plan;
  exports.text.value = textType;
  const each = (name: (typeof LISTS)[number], work: (from: number, count: number) => void): void => {
    const before = LISTS.slice(0, LISTS.indexOf(name));
    work(WORD * before.reduce((sum, list) => sum + plan[list].length, 0), plan[name].length);
  };
  return {
    takeSecret: exports.secret,
    texts: () => each('texts', exports.texts),
    forget: () => each('caches', exports.forget),
    textDicts: () => each('textDicts', exports.dicts),
    sets: () => each('sets', exports.sets),
  };
}

function instanceOver(memory: WebAssembly.Memory): HasherExports {
  compiled ??= new WebAssembly.Module(bytesOf(HASHES_WASM));
  return new WebAssembly.Instance(compiled, { m: { memory } }).exports as unknown as HasherExports; // of our own module
}

function copyLists({ list, room }: HasherExports, plan: HashPlan): void {
  const bytes = WORD * LISTS.reduce((sum, name) => sum + plan[name].length, 0);
  const missing = Math.ceil((bytes - list.buffer.byteLength) / 65_536);
  if (missing > 0) list.grow(missing);
  const words = new Uint32Array(list.buffer);
  let at = 0;
  for (const name of LISTS) {
    words.set(plan[name], at);
    at += plan[name].length;
  }
  room.value = bytes;
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64.replaceAll('\n', '')), (letter) => letter.charCodeAt(0));
