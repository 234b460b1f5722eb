// One peer in a worker that is used again: says once that it is ready, then runs once a message.
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Peer } from './peer.ts';
import type { WorkerPeer } from './peer-workers.ts';
import { rawJco } from './raw-jco.ts';
import { rawQuickjs } from './raw-quickjs.ts';

const asked = workerData as WorkerPeer; // only openPeerWorkers starts this file

async function peerOf(): Promise<Peer> {
  if (asked.peer === 'raw-quickjs') return rawQuickjs(asked.code);
  const { export: name, input } = asked;
  return rawJco('raw jco', new Uint8Array(await readFile(asked.file)), (exports) =>
    input === undefined ? exports[name]?.() : exports[name]?.(input),
  );
}

const subject = await (await peerOf()).open();
parentPort?.on('message', async () => {
  await subject?.once();
  parentPort?.postMessage('done');
});
parentPort?.postMessage('ready');
