import type { CellGuest, Execute, GuestResult } from '../../runtime/contracts/engine.ts';

/** Of this one cell: how often it has rehearsed. */
let rehearsals = 0;
let shouldFail = false;

const value = (answer: number): GuestResult => ({
  kind: 'value',
  value: answer,
  memoryBytes: 0,
  fuel: 0,
  growthRefused: false,
});

export async function warmUp(shared: CellGuest): Promise<void> {
  shouldFail = shared.data === 'fails';
}

export const rehearse: Execute = async (_guest, _run, host) => {
  if (shouldFail) throw new Error('the rehearsal fails');
  rehearsals += 1;
  host.write('stdout', new TextEncoder().encode('rehearsed'));
  void host.call('probe.echo', {});
  return value(rehearsals);
};

export const execute: Execute = async () => value(rehearsals);
