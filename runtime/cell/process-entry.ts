// The main thread of a process cell: it starts the worker that runs the guest and passes messages on. Of those it passes no more than the guest
// may have under way, whatever the worker has become.

import { MOST_IN_FLIGHT } from './call-window.ts';
import { openParcels, type PieceMessage } from './parcels.ts';
import { HEAP_IS_FULL } from './process-exit.ts';
import { type FromCell, isCounted, MOST_WAITING_MESSAGES, type ToCell } from './protocol.ts';
import { openWorker } from './worker.ts';

const [, , stackSizeMb, ...flags] = process.argv;
const channel = openWorker(Number(stackSizeMb), 'process', flags);
const parcels = openParcels();
/** Calls and outputs that the host has not taken in. */
let ahead = 0;
/** Calls that the host has not answered: blocking ones, and others. */
let asked = { sync: 0, later: 0 };

process.on('message', (message) => {
  const sent = message as ToCell | PieceMessage; // only the host that spawned this process holds the other end
  if (sent.type === 'piece') {
    parcels.take(sent);
    return;
  }
  const told = parcels.whole(sent) as ToCell;
  switch (told.type) {
    case 'run':
      asked = { sync: 0, later: 0 };
      channel.reset(told.place);
      channel.post(told);
      break;
    case 'answer':
      asked[told.sync ? 'sync' : 'later'] -= 1;
      channel.post(told);
      break;
    case 'stop': {
      channel.signalStop(told.place, told.reason);
      channel.post(told);
      tellProgress(told.place);
      break;
    }
    case 'look':
      tellProgress(told.place);
      break;
    case 'taken':
      ahead -= told.messages;
      channel.tookIn?.(told.messages);
      break;
    default:
      channel.post(told);
  }
});

function tellProgress(place: number): void {
  const used = channel.used?.(place);
  if (used !== undefined) process.send?.({ type: 'progress', ...used });
}

/** Whether the worker has sent what our code in it does not send: more than may be under way at once. */
function isTooMuch(message: FromCell): boolean {
  if (!isCounted(message)) return false;
  ahead += 1;
  if (message.type === 'call') asked[message.sync ? 'sync' : 'later'] += 1;
  const untaken = channel.untaken?.() ?? { sync: 0, later: 0 };
  return (
    ahead > MOST_WAITING_MESSAGES ||
    asked.sync + untaken.sync > 1 ||
    asked.later + untaken.later > MOST_IN_FLIGHT
  );
}

channel.onMessage((message) => {
  const told = message as FromCell; // whatever else it is, the host checks it
  if (isTooMuch(told)) process.exit(1);
  process.send?.(told.type === 'ready' ? { ...told, memoryBytes: process.memoryUsage.rss() } : message);
});
channel.onEnd((_message, heapIsFull) => process.exit(heapIsFull ? HEAP_IS_FULL : 1));
process.on('disconnect', () => process.exit(0));
