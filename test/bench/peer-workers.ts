import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Load } from '../../scripts/bench/throughput/load.ts';

/** Which peer a worker of `peer-worker.ts` runs. */
export type WorkerPeer =
  | { readonly peer: 'raw-quickjs'; readonly code: string }
  | { readonly peer: 'raw-jco'; readonly file: string; readonly export: string; readonly input?: string };

/** As many workers as Sandglass has cells; a run waits for one that is free. Nothing is isolated from the run before but by its instance. */
export async function openPeerWorkers(peer: WorkerPeer): Promise<Load> {
  const workers = Array.from(
    { length: Math.max(4, 2 * availableParallelism()) },
    () => new Worker(new URL('./peer-worker.ts', import.meta.url), { workerData: peer }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'message'))); // it says once that it is ready
  const free = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];
  const take = async (): Promise<Worker> => free.pop() ?? new Promise((resolve) => waiting.push(resolve));
  return {
    run: async () => {
      const worker = await take();
      const answered = Promise.withResolvers<void>();
      worker.once('message', answered.resolve);
      worker.postMessage('run');
      await answered.promise;
      const next = waiting.shift();
      if (next === undefined) free.push(worker);
      else next(worker);
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
