import type { ErrorCode } from './errors.ts';

/** A tool that a run called, and how it ended. */
export interface CalledTool {
  readonly tool: string;
  readonly callId: string;
  readonly ok: boolean;
  readonly code?: ErrorCode;
  readonly durationMs: number;
  /** `null` for a trusted tool, and for one that did not begin. It is part of the fuel of the run. */
  readonly fuel: number | null;
  /** stdout + stderr + value of its guest, bytes; 0 for a trusted tool, for one that did not begin, and for an answer from memory. */
  readonly outputBytes: number;
  /** Answered from memory. */
  readonly cached?: true;
  /** What it called in turn. */
  readonly calls?: readonly CalledTool[];
}

/** What a run tells of the tools that it called, in the order of their ends. */
export interface CalledTools {
  add(call: CalledTool): void;
  /** For the facts of an outcome: nothing where no tool was called. */
  told(): { readonly calls?: readonly CalledTool[]; readonly callsLeftOut?: number };
}

/** Calls that one outcome tells of, those of its calls with them. */
const MOST_TOLD = 1_000;

export function createCalledTools(): CalledTools {
  const calls: CalledTool[] = [];
  let room = MOST_TOLD;
  let leftOut = 0;
  return {
    add(call) {
      const within = sizeOf(call) - 1;
      if (room === 0) {
        leftOut += 1 + within;
        return;
      }
      room -= 1;
      const fits = within <= room;
      calls.push(fits ? call : withoutCalls(call));
      if (fits) room -= within;
      else leftOut += within;
    },
    told: () =>
      calls.length === 0
        ? {}
        : { calls: Object.freeze([...calls]), ...(leftOut === 0 ? {} : { callsLeftOut: leftOut }) },
  };
}

const withoutCalls = ({ calls: _, ...alone }: CalledTool): CalledTool => alone;

const sizeOf = ({ calls = [] }: CalledTool): number => calls.reduce((sum, one) => sum + sizeOf(one), 1);
