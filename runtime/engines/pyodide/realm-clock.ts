import { zoneOffset } from '../../vocabulary/time-zone.ts';
import { zoneNames } from '../../vocabulary/zone-names.ts';
import { zoneList, zoneTable } from '../../vocabulary/zone-table.ts';
import { nativeFuel } from '../../wasm/meter.ts';
import { nameZone } from './instance-memory.ts';
import type { Present } from './present.ts';
import type { RealmPort } from './realm/contract.ts';
import type { RunLink } from './run-link.ts';

/**
 * What the platform's ICU does for a zone, as bytes of native work: to move to it, and to make its table, each time, for a run must not see
 * whether another had it made.
 */
const ZONE_BYTES = 150_000;
const TABLE_BYTES = 12_000_000;

export interface RealmClock {
  readonly port: Pick<RealmPort, 'now' | 'monotonic' | 'zoneOffset' | 'moveTo' | 'zoneTable'>;
  /** Local time is that of a zone from now on; absent: UTC. */
  localise(zone: string | undefined, run: RunLink): void;
}

/** The clocks of the run that the interpreter serves, and its local time. */
export function createRealmClock(at: Present): RealmClock {
  let zone = zoneOffset(undefined);
  const localise = (name: string | undefined, run: RunLink): void => {
    zone = zoneOffset(name);
    nameZone(at.instances[0], zoneNames(name, new Date(run.host.now()).getUTCFullYear()));
  };
  return {
    localise,
    port: {
      now: () => at.link?.host.now() ?? 0,
      monotonic: () => at.link?.host.monotonic() ?? 0,
      zoneOffset: (ms) => zone(Number(ms)),
      moveTo: (name) => {
        at.metered?.charge(nativeFuel(ZONE_BYTES));
        if (at.link !== undefined) localise(String(name), at.link);
      },
      zoneTable: (name) => {
        at.metered?.charge(nativeFuel(name === '' ? ZONE_BYTES : TABLE_BYTES));
        return name === '' ? zoneList().join('\n') : String.fromCharCode(...(zoneTable(String(name)) ?? []));
      },
    },
  };
}
