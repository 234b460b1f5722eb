import type { ToolUses } from '../contracts/api/tool-registry.ts';

/** How often a tool was called, and how long its calls took. */
export interface UseCounter {
  /** @param ms Of a call that ran; `undefined` for one that was refused before. */
  add(ok: boolean, ms: number | undefined): void;
  uses(): ToolUses;
}

export function createUseCounter(): UseCounter {
  let count = 0;
  let failures = 0;
  let ran = 0;
  let total = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  return {
    add(ok, ms) {
      count += 1;
      if (!ok) failures += 1;
      if (ms === undefined) return;
      ran += 1;
      total += ms;
      least = Math.min(least, ms);
      most = Math.max(most, ms);
    },
    uses: () => ({
      count,
      failures,
      meanMs: ran === 0 ? null : total / ran,
      minMs: ran === 0 ? null : least,
      maxMs: ran === 0 ? null : most,
    }),
  };
}
