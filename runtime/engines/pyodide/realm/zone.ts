import type { RealmPort } from './contract.ts';

/**
 * Runs inside the guest's realm; see `bootRealm`. The glue answers `localtime`, `mktime` and the like by the local methods of `Date`, which know
 * the zone of the host's process only. Here they have the zone of the run, and the clock of the run where none is given.
 */
export function keepZone(realm: Record<string, unknown>, port: Pick<RealmPort, 'now' | 'zoneOffset'>): void {
  const { apply, construct } = Reflect;
  const Base = Date;
  const methods = Base.prototype;
  const timeOf = methods.getTime;
  const inUtc = Base.UTC;

  /** Ahead of UTC at a time, ms. */
  const offset = (ms: number): number => port.zoneOffset(ms) * 1000;
  /** Local time in fields → ms since the epoch. */
  const fromLocal = (fields: readonly number[]): number => {
    const local = apply(inUtc, undefined, fields) as number;
    return local - offset(local - offset(local));
  };
  const Zoned = function (this: unknown, ...given: number[]): object {
    const args =
      given.length === 0 ? [Math.floor(port.now())] : given.length === 1 ? given : [fromLocal(given)];
    return construct(Base, args);
  };
  Object.assign(Zoned, { prototype: methods, UTC: inUtc, parse: Base.parse, now: Base.now });
  realm.Date = Zoned;

  const local = (name: string, ofUtc: (this: Date) => number): void => {
    Reflect.defineProperty(methods, name, {
      value(this: Date): number {
        const ms = apply(timeOf, this, []) as number;
        return apply(ofUtc, construct(Base, [ms + offset(ms)]), []) as number;
      },
    });
  };
  local('getFullYear', methods.getUTCFullYear);
  local('getMonth', methods.getUTCMonth);
  local('getDate', methods.getUTCDate);
  local('getDay', methods.getUTCDay);
  local('getHours', methods.getUTCHours);
  local('getMinutes', methods.getUTCMinutes);
  local('getSeconds', methods.getUTCSeconds);
  Reflect.defineProperty(methods, 'getTimezoneOffset', {
    value(this: Date): number {
      return -port.zoneOffset(apply(timeOf, this, []) as number) / 60;
    },
  });
}
