import type { HostFunction } from '../../runtime/contracts/host-function.ts';

/** A host function that answers nobody before so many guests have asked: those have all begun, and none has ended. */
export function meetingOf(guests: number): HostFunction {
  let asked: (() => void)[] = [];
  return {
    name: 'meeting',
    network: false,
    operations: { 'meeting.all': { capability: 'meeting.use', kind: 'act' } },
    open: () => ({
      call: () =>
        new Promise((resolve) => {
          asked.push(() => resolve({ value: guests }));
          if (asked.length < guests) return;
          for (const answer of asked.splice(0)) answer();
          asked = [];
        }),
      close: () => undefined,
    }),
  };
}
