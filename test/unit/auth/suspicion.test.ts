import { describe, expect, test } from 'vitest';
import { createSuspicion, type Suspicious } from '../../../runtime/auth/suspicion.ts';
import { verifies } from '../../support/verifies.ts';

function open(options: { after?: number; blockMs?: number }) {
  let now = 0;
  const told: Suspicious[] = [];
  const suspicion = createSuspicion({ ...options, onSuspicious: (one) => told.push(one) }, () => now);
  return {
    ...suspicion,
    told,
    refuse: (caller: string, times: number) => {
      for (let index = 0; index < times; index++) suspicion.note(caller);
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe('createSuspicion()', verifies('MO-15'), () => {
  test('tells of a caller once it was refused so often within the time, each by itself', () => {
    const { refuse, told, pass, check } = open({ after: 3 });
    refuse('ana', 2);
    refuse('bob', 2);
    expect(told).toEqual([]);
    pass(60_000);
    refuse('ana', 2);
    expect(told).toEqual([]);
    refuse('ana', 1);
    expect(told).toEqual([{ caller: 'ana', refusals: 3, perMs: 60_000, blockedMs: 0 }]);
    expect(() => check('ana')).not.toThrow();
    refuse('ana', 2);
    expect(told).toHaveLength(1);
  });

  test('blocks it for a time, and nobody else', () => {
    const { refuse, pass, check } = open({ after: 2, blockMs: 1_000 });
    refuse('ana', 2);
    expect(() => check('bob')).not.toThrow();
    expect(() => check('ana')).toThrow(
      expect.objectContaining({ code: 'RATE_LIMITED', details: { retryAfterMs: 1_000, blocked: true } }),
    );
    pass(999);
    expect(() => check('ana')).toThrow('refused too often');
    pass(1);
    expect(() => check('ana')).not.toThrow();
  });

  test('remembers 10,000 callers and no more', () => {
    const { refuse, told } = open({ after: 2 });
    refuse('first', 1);
    for (let index = 0; index < 10_000; index++) refuse(`caller-${index}`, 1);
    refuse('first', 1);
    expect(told).toEqual([]);
    refuse('caller-9999', 1);
    expect(told).toHaveLength(1);
  });
});
