import { expect, test } from 'vitest';
import { createPace } from '../../../runtime/cell/pace.ts';

/** A thread whose clocks the test turns. */
function thread(share: number) {
  let [cpu, wall] = [1000, 5000];
  const pace = createPace({ share, cpuMs: () => cpu, monotonic: () => wall });
  return {
    works: (ms: number): number => {
      cpu += ms;
      wall += ms;
      return pace.restMs();
    },
    rests: (ms: number): number => {
      wall += ms;
      return pace.restMs();
    },
  };
}

test('a guest that works rests as long as its share says', () => {
  const half = thread(0.5);
  expect(half.works(10)).toBeCloseTo(10);
  expect(half.rests(10)).toBeCloseTo(0);
  expect(half.works(20)).toBeCloseTo(20);
  expect(half.rests(5)).toBeCloseTo(15);
  const tenth = thread(0.1);
  expect(tenth.works(10)).toBeCloseTo(90);
  expect(thread(1).works(1000)).toBeCloseTo(0);
});

test('over a long time it has its share, whatever the slices', () => {
  const guest = thread(0.25);
  let [worked, rested] = [0, 0];
  for (let slice = 1; slice <= 200; slice++) {
    const ms = 1 + (slice % 7);
    worked += ms;
    const rest = guest.works(ms);
    rested += rest;
    guest.rests(rest);
  }
  expect(worked / (worked + rested)).toBeCloseTo(0.25, 2);
});

test('what it waited for something is not saved up beyond a tenth of a second', () => {
  const guest = thread(0.5);
  guest.rests(10_000);
  expect(guest.works(100)).toBeCloseTo(0);
  expect(guest.works(100)).toBeCloseTo(100);
});
