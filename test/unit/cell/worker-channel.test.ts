import { expect, test } from 'vitest';
import { openWorker } from '../../../runtime/cell/worker.ts';

test('a worker that has ended tells no CPU time, and does not reject: nobody may be there to see it', async () => {
  const channel = openWorker(4, 'worker', ['--permission', '--allow-fs-read=*']);
  const asked = [channel.cpuMs()];
  const gone = channel.destroy();
  asked.push(channel.cpuMs());
  await gone;
  asked.push(channel.cpuMs());
  const [, , last] = await Promise.all(asked);
  expect(last).toBeNull();
});
