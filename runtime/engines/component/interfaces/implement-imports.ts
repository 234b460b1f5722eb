import { GLUE_IMPORT } from '../component-data.ts';
import type { GuestRun } from '../guest-run.ts';
import { fsInterface } from '../host/fs.ts';
import { httpInterface } from '../host/http.ts';
import { logInterface } from '../host/log.ts';
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
export function implementImports(run: GuestRun, names: readonly string[]): object {
  const known: ReadonlyMap<string, object> = new Map(
    Object.entries<object>({
      ...ioInterfaces(run),
      ...cliInterfaces(run),
      ...clocksInterfaces(run),
      ...randomInterfaces(run),
      ...filesystemInterfaces(run),
      ...socketsInterfaces(),
      ...httpInterfaces(run),
      'sandglass:host/types': {},
      'sandglass:host/fs': fsInterface(run),
      'sandglass:host/http': httpInterface(run),
      'sandglass:host/log': logInterface(run),
    }),
  );
  const imports: [string, object][] = names.map((name) => {
    const functions = known.get(unversioned(name));
    if (functions === undefined) throw new TypeError(`Cannot provide "${name}": nothing implements it`);
    return [name, bare(functions)];
  });
  return bare(Object.fromEntries([...imports, [GLUE_IMPORT, bare(glueHelpers(run))]]));
}

const bare = (source: object): object => Object.freeze(Object.assign(Object.create(null), source));

/** What the hardened glue takes from us instead of from its realm: see `hardenGlue`. */
function glueHelpers(run: GuestRun): object {
  class ChargedDecoder extends TextDecoder {
    override decode(input?: AllowSharedBufferSource, options?: TextDecodeOptions): string {
      run.charge(input?.byteLength ?? 0);
      return super.decode(input, options);
    }
  }
  return {
    TextDecoder: ChargedDecoder,
    console: Object.freeze({ log() {}, error() {}, warn() {}, debug() {}, info() {} }),
    charge: run.charge,
    slice: (buffer: ArrayBuffer, start: number, end: number): ArrayBuffer => {
      run.charge(Math.max(0, end - start));
      return buffer.slice(start, end);
    },
  };
}
