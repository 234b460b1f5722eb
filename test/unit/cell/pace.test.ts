import { expect, test } from 'vitest';
import { createPace } from '../../../runtime/cell/pace.ts';
import { verifies } from '../../support/verifies.ts';

verifies('LM-04', 'PM-16');

const BURST_MS = 50;

/** A thread whose clocks the test turns. */
function thread(share: number) {
  let [cpu, wall] = [1000, 5000];
  const pace = createPace({ share, burstMs: BURST_MS, cpuMs: () => cpu, monotonic: () => wall });
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

/** One that has used up what it may use at once. */
function spent(share: number) {
  const guest = thread(share);
  guest.rests(guest.works(BURST_MS + 1_000));
  return guest;
}

test.each([0.1, 0.25, 0.5])('at a share of %d a guest that is done within a burst never rests', (share) => {
  const guest = thread(share);
  for (let ms = 0; ms < BURST_MS; ms++) expect(guest.works(1)).toBe(0);
  // The burst came back by its share while it lasted.
  expect(guest.works(BURST_MS)).toBeCloseTo((BURST_MS - 2 * BURST_MS * share) / share);
});

test.each([0.01, 0.1, 0.5])('at a share of %d over any time it has its share, and one burst', (share) => {
  const guest = thread(share);
  let [worked, passed] = [0, 0];
  for (let slice = 1; slice <= 500; slice++) {
    const ms = 1 + (slice % 9);
    const rest = guest.works(ms);
    guest.rests(rest);
    worked += ms;
    passed += ms + rest;
    expect(worked).toBeLessThanOrEqual(passed * share + BURST_MS + 9);
  }
});

test('a guest that works rests as long as its share says', () => {
  const half = spent(0.5);
  expect(half.works(10)).toBeCloseTo(10);
  expect(half.rests(10)).toBeCloseTo(0);
  expect(half.works(20)).toBeCloseTo(20);
  expect(half.rests(5)).toBeCloseTo(15);
  const tenth = spent(0.1);
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
  expect((worked - BURST_MS) / (worked + rested)).toBeCloseTo(0.25, 2);
});

test('what it waited for something is not saved up beyond a burst', () => {
  const guest = spent(0.5);
  guest.rests(10_000);
  expect(guest.works(2 * BURST_MS)).toBeCloseTo(0);
  expect(guest.works(100)).toBeCloseTo(100);
});
