import type { ErrorCode } from '../vocabulary/errors.ts';

/** One call or run that failed; no message, which a guest may have written. */
export interface Failure {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly code: ErrorCode;
  /** `null` for a run that belongs to no tool. */
  readonly tool: string | null;
  readonly user: string;
  readonly runId: string;
}

/** Failures of one code and one tool. */
export interface FailureGroup {
  readonly code: ErrorCode;
  readonly tool: string | null;
  readonly total: number;
  /** When it came last, milliseconds since the epoch. */
  readonly last: number;
}

/** What failed: the newest one by one, all of them by code and tool. */
export interface Failures {
  add(failure: Failure): void;
  /** The newest first. */
  recent(): readonly Failure[];
  /** The most frequent first. */
  groups(): readonly FailureGroup[];
}

const MOST_RECENT = 50;
const MOST_GROUPS = 200;

export function createFailures(): Failures {
  const recent: Failure[] = [];
  const groups = new Map<string, { -readonly [K in keyof FailureGroup]: FailureGroup[K] }>();
  return {
    add(failure) {
      const { code, tool, time } = failure;
      if (recent.push(failure) > MOST_RECENT) recent.shift();
      const named = `${code} ${tool}`;
      // Codes are few: beyond the first groups, those of further tools are counted together.
      const full = !groups.has(named) && groups.size >= MOST_GROUPS;
      const key = full ? `${code} others` : named;
      const group = groups.get(key) ?? { code, tool: full ? 'others' : tool, total: 0, last: time };
      groups.set(key, group);
      group.total += 1;
      group.last = time;
    },
    recent: () => recent.toReversed(),
    groups: () =>
      [...groups.values()].sort((left, right) => right.total - left.total).map((group) => ({ ...group })),
  };
}
