import type { CellGuest, GuestHost, GuestResult, RunSpec } from '../../runtime/contracts/engine.ts';

/** Calls a thousand times without waiting, and counts its calls where its host can see it: in the memory that it was given as its data. */
export async function execute(guest: CellGuest, _run: RunSpec, host: GuestHost): Promise<GuestResult> {
  const counter = new Int32Array(guest.data as SharedArrayBuffer); // what the test gives
  const answers: Promise<unknown>[] = [];
  for (let count = 0; count < 1000; count++) {
    answers.push(host.call('probe.echo', {}));
    Atomics.add(counter, 0, 1);
    Atomics.notify(counter, 0);
  }
  await Promise.all(answers);
  return { kind: 'value', value: answers.length, memoryBytes: 0, fuel: 0, growthRefused: false };
}
