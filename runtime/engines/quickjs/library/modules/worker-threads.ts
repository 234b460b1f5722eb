import { own } from '../registry.ts';
import { refusing } from './sockets.ts';

const environment = new Map<unknown, unknown>();

/** A guest is its one thread: what libraries ask before they start others is answered, and starting one says what to do instead. */
export const workerThreads: Record<string, unknown> = {
  isMainThread: true,
  parentPort: null,
  workerData: null,
  threadId: 0,
  threadName: '',
  resourceLimits: {},
  SHARE_ENV: Symbol.for('nodejs.worker_threads.SHARE_ENV'),
  Worker: refusing(
    'worker_threads',
    'Worker',
    'a guest is one thread; do the work in it, or start several runs',
  ),
  MessageChannel: own('MessageChannel'),
  MessagePort: own('MessagePort'),
  BroadcastChannel: own('BroadcastChannel'),
  getEnvironmentData: (key: unknown) => environment.get(key),
  setEnvironmentData: (key: unknown, value: unknown) => {
    if (value === undefined) environment.delete(key);
    else environment.set(key, value);
  },
  markAsUncloneable: () => undefined,
  markAsUntransferable: () => undefined,
};
