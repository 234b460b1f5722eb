import { createInlineCell } from '../cell/inline.ts';
import { createServing, piecesOf } from '../cell/serving.ts';
import { nextTurn } from '../cell/thread-turns.ts';
import type { Platform } from '../contracts/platform.ts';

export interface InlinePlatformOptions {
  readonly name: string;
  readonly version: string;
  /** Bytes can be compiled to wasm at run time. */
  readonly compiles: boolean;
  readonly processors: number;
}

/**
 * A platform whose only cell is `inline`: guests share the embedder's thread. Nothing can end them from outside, so their meter is what ends
 * them: fuel always, the deadline as often as the meter looks at the clock.
 */
export function createInlinePlatform(
  options: InlinePlatformOptions,
): Omit<Platform, 'engines' | 'hostFunctions'> {
  const monotonic = (): number => performance.now();
  const now = (): number => Date.now();
  const serving = createServing(monotonic, nextTurn);
  return {
    info: {
      name: options.name,
      version: options.version,
      levels: ['minimal'],
      workers: false,
      processes: false,
      jspi: 'Suspending' in WebAssembly,
      syncWait: false,
      hardKill: false,
      compiles: options.compiles,
    },
    inline: createInlineCell({ monotonic, now, cpuMs: () => null }),
    compile: options.compiles
      ? (bytes) => WebAssembly.compile(bytes)
      : async () => {
          throw new Error(`${options.name} compiles no wasm at run time`);
        },
    openTurns: () => piecesOf(serving.open()),
    monotonic,
    now,
    processors: options.processors,
  };
}
