import type { Engine } from '../../runtime/contracts/engine.ts';
import type { HostFunction } from '../../runtime/contracts/host-function.ts';
import { execute } from './scripted-executor.ts';

export const scriptedEngine: Engine = {
  name: 'scripted',
  version: '1',
  languages: ['scripted'],
  realm: 'sealed',
  memoryBytes: 64 * 1024 * 1024,
  stackSizeMb: 4,
  inline: true,
  executorUrl: new URL('./scripted-executor.ts', import.meta.url).href,
  execute,
  prepare: async (source) => ({
    engine: 'scripted',
    data: source.kind === 'script' ? JSON.parse(source.code) : undefined,
    modules: {},
  }),
};

export interface Probe extends HostFunction {
  /** Operations that reached the host, in order. */
  readonly served: string[];
  readonly opened: () => number;
  readonly closed: () => number;
}

/** A host function named `probe` that records what reaches it. */
export function createProbe(): Probe {
  const served: string[] = [];
  let opened = 0;
  let closed = 0;
  const shared = new TextEncoder().encode('canary answer canary');
  return {
    name: 'probe',
    network: false,
    operations: {
      'probe.echo': { capability: 'probe.use', kind: 'act' },
      'probe.slow': { capability: 'probe.use', kind: 'act' },
      'probe.never': { capability: 'probe.use', kind: 'act' },
      'probe.next': { capability: 'probe.use', kind: 'continue' },
      'probe.large': { capability: 'probe.use', kind: 'act' },
      'probe.shared': { capability: 'probe.use', kind: 'act' },
      'probe.given': { capability: 'probe.use', kind: 'act' },
      'probe.bug': { capability: 'probe.use', kind: 'act' },
    },
    served,
    opened: () => opened,
    closed: () => closed,
    open: (_part, { limits }) => {
      opened += 1;
      return {
        call: (operation, { args, bytes, signal }) => {
          served.push(operation);
          switch (operation) {
            case 'probe.slow':
              return new Promise((resolve) => setImmediate(() => resolve({ value: 'slow' })));
            case 'probe.never':
              return new Promise((_, reject) =>
                signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
              );
            case 'probe.large':
              return { bytes: new Uint8Array(limits.hostCallBytes + 1) };
            case 'probe.shared':
              return { bytes: shared.subarray(7, 13) };
            case 'probe.given': // it says so of bytes that are not its to give
              return { bytes: shared.subarray(7, 13), givesBytes: true };
            case 'probe.bug':
              throw new Error('/home/secret leaked');
            default:
              return { value: args, egressBytes: bytes?.byteLength ?? 0, ingressBytes: 1 };
          }
        },
        close: () => {
          closed += 1;
        },
      };
    },
  };
}
