import { DECODER, ENCODED, type RealmPort } from './contract.ts';

/** What a cell's port offers to the classes of this file; see `connectSurroundings`. */
type TextPort = Pick<RealmPort, 'decode' | 'encode' | 'encodeInto' | 'lastRead' | 'load'>;

const late: { port?: TextPort } = {};
const portOf = (): TextPort => {
  if (late.port === undefined) throw new TypeError('the realm is not connected');
  return late.port;
};

const BITS: Readonly<Record<string, number>> = { 'utf-8': 0, 'utf-16': DECODER.utf16 };

class RealmTextDecoder {
  readonly #kind: number;
  constructor(label = 'utf-8', options: { readonly fatal?: boolean; readonly ignoreBOM?: boolean } = {}) {
    const bits = BITS[label];
    if (bits === undefined) throw new RangeError(`unknown encoding ${label}`);
    this.#kind =
      bits |
      (options.fatal === true ? DECODER.fatal : 0) |
      (options.ignoreBOM === true ? DECODER.ignoreBom : 0);
  }
  decode(input: Uint8Array): string {
    return portOf().decode(this.#kind, input.buffer as ArrayBuffer, input.byteOffset, input.byteLength); // the cell looks at what it is
  }
}

class RealmTextEncoder {
  encode(text = ''): Uint8Array {
    const bytes = new Uint8Array(portOf().encode(text));
    portOf().load(ENCODED, bytes.buffer);
    return bytes;
  }
  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    const written = portOf().encodeInto(text, into.buffer as ArrayBuffer, into.byteOffset, into.byteLength); // as above
    return { read: portOf().lastRead(), written };
  }
}

/** Finalizers would run after their run has ended, in the midst of another. */
class NoFinalizers {
  register(): void {}
  unregister(): boolean {
    return false;
  }
}

/**
 * What of the language a realm does not need, and what would outlast its run, block its thread, tell of the cell, or lead into it: Node answers
 * the streaming functions with errors of its own realm, and V8 makes `Temporal` with the prototypes of whichever realm touches it.
 */
const NEEDLESS = [
  'SharedArrayBuffer',
  'Atomics',
  'WeakRef',
  'Temporal',
  'Intl',
  'console',
  'eval',
  'escape',
  'unescape',
];
const NEEDLESS_WASM = ['compile', 'instantiate', 'validate', 'compileStreaming', 'instantiateStreaming'];

/** Evaluated first: the code of the realm finds what it expects of a platform, and nothing of what it must not have. */
function install(): void {
  const realm = globalThis as unknown as Record<string, unknown>; // names are taken away and added
  for (const name of NEEDLESS) delete realm[name];
  const wasm = WebAssembly as unknown as Record<string, unknown>; // as above
  for (const name of NEEDLESS_WASM) delete wasm[name];
  realm.TextDecoder = RealmTextDecoder;
  realm.TextEncoder = RealmTextEncoder;
  realm.FinalizationRegistry = NoFinalizers;
  const nothing = (): void => undefined;
  // Without frames no error has a text of its stack, and nobody is called to make one.
  for (const kind of [
    Error,
    RangeError,
    TypeError,
    SyntaxError,
    ReferenceError,
    EvalError,
    URIError,
    AggregateError,
  ]) {
    Object.defineProperty(kind, 'stackTraceLimit', { get: nothing, set: nothing, configurable: false });
    Object.defineProperty(kind, 'prepareStackTrace', {
      value: undefined,
      writable: false,
      configurable: false,
    });
    Object.defineProperty(kind, 'captureStackTrace', {
      value: nothing,
      writable: false,
      configurable: false,
    });
  }
}

install();

/** Before the first use of a text. */
export function connectSurroundings(port: TextPort): void {
  late.port = port;
}
