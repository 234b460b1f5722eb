import { GLUE_IMPORT } from '../component-data.ts';
import { type ComponentRun, GuestEnded } from '../component-run.ts';
import { browserInterface } from '../host/browser.ts';
import { docsInterface } from '../host/docs.ts';
import { fsInterface } from '../host/fs.ts';
import { httpInterface } from '../host/http.ts';
import { kvInterface } from '../host/kv.ts';
import { logInterface } from '../host/log.ts';
import { sqlInterface } from '../host/sql.ts';
import { unversioned } from '../types/wit-type.ts';
import { cliInterfaces } from '../wasi/cli.ts';
import { clocksInterfaces } from '../wasi/clocks.ts';
import { filesystemInterfaces } from '../wasi/filesystem.ts';
import { httpInterfaces } from '../wasi/http.ts';
import { ioInterfaces } from '../wasi/io.ts';
import { randomInterfaces } from '../wasi/random.ts';
import { socketsInterfaces } from '../wasi/sockets.ts';

/**
 * What one instance imports: the interfaces it asked for and no other, without prototypes, frozen. Nothing here holds power; whatever
 * reaches beyond the run goes through `GuestHost.call`.
 */
export function implementImports(run: ComponentRun, names: readonly string[]): object {
  const made = new Map<string, Interfaces>();
  const imports: Record<string, object> = Object.create(null);
  for (const name of names) {
    const base = unversioned(name);
    const packageName = base.slice(0, base.indexOf('/'));
    const interfaces = made.get(packageName) ?? PACKAGES.get(packageName)?.(run) ?? {};
    made.set(packageName, interfaces);
    const functions = Object.hasOwn(interfaces, base) ? interfaces[base] : undefined;
    if (functions === undefined) throw new TypeError(`Cannot provide "${name}": nothing implements it`);
    imports[name] = bare(functions);
  }
  imports[GLUE_IMPORT] = bare(glueHelpers(run));
  return Object.freeze(imports);
}

/** The interfaces of one package by their name without the version. */
type Interfaces = Readonly<Record<string, object>>;

const PACKAGES: ReadonlyMap<string, (run: ComponentRun) => Interfaces> = new Map(
  Object.entries<(run: ComponentRun) => Interfaces>({
    'wasi:io': ioInterfaces,
    'wasi:cli': cliInterfaces,
    'wasi:clocks': clocksInterfaces,
    'wasi:random': randomInterfaces,
    'wasi:filesystem': filesystemInterfaces,
    'wasi:sockets': socketsInterfaces,
    'wasi:http': httpInterfaces,
    'sandglass:host': (run) => ({
      'sandglass:host/types': {},
      'sandglass:host/browser': browserInterface(run),
      'sandglass:host/docs': docsInterface(run),
      'sandglass:host/fs': fsInterface(run),
      'sandglass:host/http': httpInterface(run),
      'sandglass:host/kv': kvInterface(run),
      'sandglass:host/sql': sqlInterface(run),
      'sandglass:host/log': logInterface(run),
    }),
  }),
);

const bare = (source: object): object => Object.freeze(Object.assign(Object.create(null), source));

/** By the label that the glue asks for, from the first time on: making one costs as much as all else that is made for an instance. */
const decoders = new Map<string, TextDecoder>();

function decoderFor(label: string): TextDecoder | undefined {
  const known = decoders.get(label);
  if (known !== undefined || !DECODED.has(label)) return known;
  // By the Canonical ABI text that is not well-formed traps, and a byte order mark is a character of it.
  const made = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  decoders.set(label, made);
  return made;
}

const DECODED: ReadonlySet<string> = new Set(['utf-8', 'utf-16']);

/** What the hardened glue takes from us instead of from its realm, see `hardenGlue`; and the linker, see `LinkHelpers`. */
function glueHelpers(run: ComponentRun): object {
  class ChargedDecoder {
    readonly #decoder: TextDecoder;
    constructor(label = 'utf-8', options?: unknown) {
      const known = options === undefined ? decoderFor(label) : undefined;
      if (known === undefined) throw new TypeError(`Cannot decode ${label}: the glue asks for no such thing`);
      this.#decoder = known;
    }
    /** Never as a stream: the decoder is shared, and nothing of one guest may stay behind for the next. */
    decode(input: ArrayBufferView): string {
      run.charge(input.byteLength);
      return this.#decoder.decode(input);
    }
  }
  return {
    TextDecoder: ChargedDecoder,
    console: Object.freeze({ log() {}, error() {}, warn() {}, debug() {}, info() {} }),
    charge: run.charge,
    chargeItems: run.chargeItems,
    enter: run.enter,
    leave: run.leave,
    hold: run.hold,
    decode: (bytes: Uint8Array, label: string): string => {
      const decoder = decoderFor(label);
      if (decoder === undefined) throw new TypeError(`Cannot decode ${label}: nothing asks for it`);
      run.charge(bytes.byteLength);
      return decoder.decode(bytes);
    },
    alive: (): void => {
      if (run.ending() !== undefined) throw new GuestEnded('The guest has ended');
    },
    slice: (buffer: ArrayBuffer, start: number, end: number): ArrayBuffer => {
      run.charge(Math.max(0, end - start));
      return buffer.slice(start, end);
    },
  };
}
