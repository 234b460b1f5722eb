import type { CellGuest, GuestHost, GuestResult, RunSpec } from '../../runtime/contracts/engine.ts';

export const EAGER_CALLS = 1000;

/** Calls a thousand times without waiting, then asks for `probe.look`, blocking, before it takes any answer. Answers how many were allowed. */
export async function execute(_guest: CellGuest, _run: RunSpec, host: GuestHost): Promise<GuestResult> {
  const answers = Array.from({ length: EAGER_CALLS }, () => host.call('probe.echo', {}));
  host.callSync('probe.look', {});
  const all = await Promise.all(answers);
  const value = all.filter((answer) => answer.ok).length;
  return { kind: 'value', value, memoryBytes: 0, fuel: 0, growthRefused: false };
}
