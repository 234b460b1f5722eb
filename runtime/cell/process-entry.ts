// The main thread of a process cell: it starts the worker that runs the guest and passes messages on, nothing more.

import { HEAP_IS_FULL } from './process-exit.ts';
import type { FromCell, ToCell } from './protocol.ts';
import { openWorker } from './worker.ts';

const [, , stackSizeMb, ...flags] = process.argv;
const channel = openWorker(Number(stackSizeMb), 'process', flags);

process.on('message', (message) => {
  const told = message as ToCell; // only the host that spawned this process holds the other end
  switch (told.type) {
    case 'run':
      channel.reset();
      channel.post(told);
      break;
    case 'stop':
      channel.signalStop(told.token, told.reason);
      channel.post(told);
      break;
    default:
      channel.post(told);
  }
});
channel.onMessage((message) => {
  const { type } = message as FromCell; // whatever else it is, the host checks it
  process.send?.(type === 'ready' ? { type, memoryBytes: process.memoryUsage.rss() } : message);
});
channel.onEnd((_message, heapIsFull) => process.exit(heapIsFull ? HEAP_IS_FULL : 1));
process.on('disconnect', () => process.exit(0));
