import type { GuestHost } from '../../contracts/engine.ts';
import type { GuestFile } from '../../vocabulary/guest-file.ts';
import type { Meter } from '../../wasm/meter.ts';
import type { Collected } from './collected.ts';
import type { LibraryModule } from './library.ts';
import type { PackageFile } from './packages.ts';
import type { RunSettings } from './realm/contract.ts';

/** What an interpreter is given of the run that it serves. */
export interface RunLink {
  readonly host: GuestHost;
  readonly stdin: Uint8Array;
  /** What lies in the scratch folder when the program begins. */
  readonly files?: readonly GuestFile[];
  /** Takes what is collected in the end; absent where nothing is. */
  readonly collected?: Collected | undefined;
  readonly meter: Meter;
  readonly settings: RunSettings;
  readonly packages: readonly PackageFile[];
  /** Modules of the standard library that it may import. */
  readonly library: readonly LibraryModule[];
  /** Of one call's arguments. */
  readonly hostCallBytes: number;
  /** What buffers outside wasm may hold. */
  readonly outsideBytes: number;
  /** Of its local time, an IANA name. Absent: UTC. */
  readonly timeZone?: string | undefined;
  /** Time stands still, so that the run repeats to the byte. */
  readonly fixedClock: boolean;
  readonly entered: () => void;
  /** Each answer that the gate refused, as it goes to the guest. */
  readonly refused: (id: number) => void;
}
