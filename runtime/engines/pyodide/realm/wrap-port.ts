import type { RealmPort } from './contract.ts';

/**
 * Runs inside the guest's realm; see `bootRealm`. The host's functions, which can neither throw a host's error into the realm nor answer
 * anything but a primitive.
 */
export function wrapPort(host: RealmPort): RealmPort {
  const { apply } = Reflect;
  const Failure = Error;
  const wrapped =
    (call: (...args: never[]) => unknown) =>
    (...args: unknown[]): unknown => {
      let answer: unknown;
      try {
        answer = apply(call, undefined, args);
      } catch {
        throw new Failure('host call failed');
      }
      return typeof answer === 'object' || typeof answer === 'function' ? undefined : answer;
    };
  return {
    now: wrapped(host.now) as RealmPort['now'], // `wrapped` keeps each function's own type for primitives
    monotonic: wrapped(host.monotonic) as RealmPort['monotonic'],
    zoneOffset: wrapped(host.zoneOffset) as RealmPort['zoneOffset'],
    moveTo: wrapped(host.moveTo) as RealmPort['moveTo'],
    zoneTable: wrapped(host.zoneTable) as RealmPort['zoneTable'],
    random: wrapped(host.random) as RealmPort['random'],
    decode: wrapped(host.decode) as RealmPort['decode'],
    write: wrapped(host.write) as RealmPort['write'],
    timer: wrapped(host.timer) as RealmPort['timer'],
    sleep: wrapped(host.sleep) as RealmPort['sleep'],
    callSync: wrapped(host.callSync) as RealmPort['callSync'],
    call: wrapped(host.call) as RealmPort['call'],
    take: wrapped(host.take) as RealmPort['take'],
    size: wrapped(host.size) as RealmPort['size'],
    load: wrapped(host.load) as RealmPort['load'],
    attach: wrapped(host.attach) as RealmPort['attach'],
    restore: wrapped(host.restore) as RealmPort['restore'],
    refusedGrowth: wrapped(host.refusedGrowth) as RealmPort['refusedGrowth'],
    reserve: wrapped(host.reserve) as RealmPort['reserve'],
    approve: wrapped(host.approve) as RealmPort['approve'],
    done: wrapped(host.done) as RealmPort['done'],
    wants: wrapped(host.wants) as RealmPort['wants'],
    give: wrapped(host.give) as RealmPort['give'],
  };
}
