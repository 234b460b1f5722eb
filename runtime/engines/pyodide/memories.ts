import { MIB } from '../../vocabulary/units.ts';
import { memoryFor } from '../../wasm/import-memory.ts';
import { detachViews, memoryBufferOf } from '../../wasm/intrinsics.ts';
import { PAGE_BYTES } from '../../wasm/limits-type.ts';
import type { PyodideShared } from './program.ts';

/**
 * The memory of a thread's interpreters. A new one is dear: the kernel hands out its pages one by one, and V8 collects it late. So one serves
 * one interpreter after another, each with a realm and an instance of its own.
 */
export interface Memories {
  /** A memory that is zero throughout. */
  take(): WebAssembly.Memory;
  /** Of an interpreter that is closed, after a run that ended by itself. One that has grown is dropped: no memory gets smaller. */
  giveBack(memory: WebAssembly.Memory): void;
}

/** What an interpreter has at first, bytes: its snapshot, and room for a small program. No limit is less. */
const FIRST_BYTES = 40 * MIB;
/** Where a snapshot needs more: as much of it again. */
const ROOM = 0.2;

export function keepMemories(parts: PyodideShared): Memories {
  const first = firstBytes(parts);
  let kept: WebAssembly.Memory | undefined;
  return {
    take: () => {
      const memory = kept;
      kept = undefined;
      if (memory === undefined) return memoryFor(first, parts.maxMemoryBytes);
      detachViews(memory);
      new Uint8Array(memoryBufferOf(memory)).fill(0);
      return memory;
    },
    giveBack: (memory) => {
      if (memoryBufferOf(memory).byteLength === first && Reflect.ownKeys(memory).length === 0) kept = memory;
    },
  };
}

function firstBytes({ assets, maxMemoryBytes }: PyodideShared): number {
  const least = assets.snapshot?.memoryBytes ?? 0;
  const wanted = Math.max(FIRST_BYTES, Math.ceil((least * (1 + ROOM)) / PAGE_BYTES) * PAGE_BYTES);
  return Math.max(least, Math.min(wanted, maxMemoryBytes));
}
