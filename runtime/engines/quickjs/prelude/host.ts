import type { PrimitiveName } from '../abi.ts';

/** The host as the prelude sees it: numbers, text without NUL and ArrayBuffers are all that crosses. */
export interface Host extends Record<PrimitiveName, unknown> {
  /**
   * 0 stdout, 1 stderr; `length` is that of the text: answers 1, and writes nothing, where it ends earlier, by a NUL. -1: the text is JSON
   * of one.
   */
  write(stream: 0 | 1, text: string, length: number): 1 | undefined;
  call(id: number, operation: string, args: string, bytes: ArrayBuffer | undefined): void;
  /**
   * Answers JSON, empty for a success with neither value nor bytes; the bytes of the answer wait in `takeBytes`. `drop`: only whether it
   * succeeds is asked.
   */
  callSync(operation: string, args: string, bytes: ArrayBuffer | undefined, drop: boolean): string;
  takeBytes(): ArrayBuffer | undefined;
  now(): number;
  monotonic(): number;
  random(count: number): ArrayBuffer;
  /** JSON `{ input, base? }` or `{ href, set, value }`; answers JSON of the parts, or empty for what is not a URL. */
  url(request: string): string;
  digest(id: number, algorithm: string, bytes: ArrayBuffer): void;
  stdin(): ArrayBuffer;
  /** The program's own end: 1 value, 0 failure. */
  settled(ok: 0 | 1): void;
  remaining(): number;
  /** UTF-8 of a text. */
  encode(text: string, json: boolean): ArrayBuffer;
  /** Text of UTF-8 bytes: JSON where it begins with a quotation mark, else as it is. Empty when `fatal` and not valid. */
  decode(bytes: ArrayBuffer, fatal: boolean): string;
  /** 0: bytes to base64. 1: JSON of a binary text to base64. 2: JSON of base64 to JSON of a binary text. Empty for what is none. */
  base64(kind: 0 | 1 | 2, given: string | ArrayBuffer): string;
  /** Ends the program with a code, 0..255. In a guest that is kept it returns, and the caller throws. */
  exit(code: number): void;
  /** What `require` finds: JSON `{ builtin }`, `{ name, json? }` or `{ failure }`. `base` is the name of the file that asks; empty: the program. */
  resolve(base: string, specifier: string): string;
  /** The function around a CommonJS file, or the error of its syntax. */
  compile(name: string): unknown;
  /** What the platform's `Intl` answers: JSON to JSON; see `intl-primitive.ts`. */
  intl(request: string): string;
  /**
   * Text of an encoding of the web other than UTF-8, as `decode` tells it; empty for a label that is none, or with `fatal` bytes that are
   * no such text. `stream` is the number of a text that comes in pieces, 0 for a whole one; `last` ends it.
   */
  decodeAs(bytes: ArrayBuffer, label: string, fatal: boolean, stream: number, last: boolean): string;
  /** An operation of the platform's `crypto.subtle`; see `subtle-primitive.ts`. */
  subtle(id: number, request: string, bytes: ArrayBuffer): void;
  /** 0 pending, 1 fulfilled, 2 rejected. */
  promiseState(promise: object): number;
  /**
   * A key from a password and a salt, by `kdf-primitive.ts`; `undefined` where the guest has to do it itself. A number when there is more to do:
   * ask again with an empty request, until there is an answer.
   */
  deriveKey(request: string, bytes: ArrayBuffer): ArrayBuffer | number | undefined;
  /** `base ** exponent % modulus`, all as hexadecimal digits; `undefined` and a number as of `deriveKey`. */
  modPow(base: string, exponent: string, modulus: string): string | number | undefined;
  /** By `compress-primitive.ts`: JSON `{ format, parameters }`; a text says why not. */
  compress(request: string, bytes: ArrayBuffer): ArrayBuffer | string;
  /** From now on each callback of a promise, and of `await`, is what this answers for it. `then`: it is called as a method. */
  trackAsync(bound: (callback: unknown, then: boolean) => unknown): void;
  /** What a part of the library exports, which is compiled now. */
  part(name: string): unknown;
  /** What a settled promise holds. */
  promiseResult(promise: object): unknown;
}

/** What the host tells at the start of a run. */
export interface Setup {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Name of the program's own file. */
  readonly program: string;
  /** Where relative URLs of requests start. */
  readonly base?: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Inputs that come beside the JSON, in the order of their texts. */
  readonly long?: readonly string[];
  readonly block: readonly string[];
  /** The grant names tools. */
  readonly tools?: boolean;
  readonly outputBytes: number;
  readonly hostCallBytes: number;
}
