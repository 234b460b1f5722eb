import { describe, expect, test } from 'vitest';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { testQueue } from './queue-suite.ts';

testQueue({ name: 'in process', open: createInProcessScheduler });

describe('createInProcessScheduler()', () => {
  test('refuses a payload over its bytes', async () => {
    const queue = createInProcessScheduler({ maxPayloadBytes: 10 });
    queue.serve({ work: async () => null });
    await expect(queue.add({ kind: 'work', payload: 'a'.repeat(11) })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { limit: 10 },
    });
    expect(() => createInProcessScheduler({ maxPayloadBytes: 0 })).toThrow(RangeError);
  });
});
