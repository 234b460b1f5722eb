import type { Runtime } from '../contracts/api/runtime.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import { checkField } from '../vocabulary/check-fields.ts';
import type { ErrorCode } from '../vocabulary/errors.ts';
import type { Usage } from '../vocabulary/usage.ts';
import { createFailures, type Failure, type FailureGroup } from './failures.ts';
import {
  addTo,
  createSlots,
  createTally,
  type Ended,
  type Figures,
  figuresOf,
  merge,
  type Slots,
} from './window.ts';

/** Live figures of one runtime: of all, of a tool, of a user. They hold a bounded number of sums, however many runs there are. */
export interface Metrics extends Disposable {
  /** Calls of tools, and runs that belong to none. */
  system(options?: WindowOptions): SystemFigures;
  /** Of all calls of one tool since the beginning; zeros for one that was never called. */
  tool(name: string): ToolFigures;
  /** Every tool that was called, the most used first; at most 1,000. */
  tools(): readonly ToolFigures[];
  /** What one caller did: its id, `embedder` for the embedder's own. Zeros for one that did nothing. */
  user(id: string, options?: WindowOptions): UserFigures;
  /** The users who did something in the window, the busiest first; at most 1,000. */
  users(options?: WindowOptions): readonly UserFigures[];
  summary(): MetricsSummary;
  /** The window in equal parts, the oldest first, for a picture. */
  series(
    options?: WindowOptions & { /** 1..240. @default 60 */ readonly points?: number },
  ): readonly SeriesPoint[];
}

export interface WindowOptions {
  /** Minutes up to now, 1..60. @default 5 */
  readonly windowMinutes?: number;
}

export interface SystemFigures extends Figures {
  readonly windowMinutes: number;
  /** Begun and not ended. */
  readonly active: number;
}

export interface ToolFigures extends Omit<Figures, 'errorRate'> {
  readonly tool: string;
  /** 0..1; 0 when it was never called. */
  readonly successRate: number;
}

export interface UserFigures extends Figures {
  readonly user: string;
  readonly windowMinutes: number;
  /** Names of the tools that it used, sorted; at most 100. */
  readonly tools: readonly string[];
}

export interface MetricsSummary {
  /** Tools that were called. */
  readonly tools: number;
  /** Calls and runs that ended, since the beginning. */
  readonly runs: number;
  /** At most 10, the most used first. */
  readonly mostUsed: readonly { readonly tool: string; readonly total: number }[];
  /** At most 50, the newest first. */
  readonly recentErrors: readonly Failure[];
  /** Failures by code and tool, the most frequent first; at most 200. */
  readonly errors: readonly FailureGroup[];
}

export interface SeriesPoint {
  /** Begin of the part, milliseconds since the epoch. */
  readonly time: number;
  readonly total: number;
  readonly failures: number;
  readonly meanMs: number;
  readonly p95Ms: number;
}

/** Length of a slot of the system's figures, ms: they are right to it. Those of users are to the minute. */
const SLOT = 5_000;
const MINUTE = 60_000;
const LONGEST_WINDOW = 60;
/** Tools and users that have figures of their own. */
const MOST_NAMES = 1_000;
const MOST_TOOLS_OF_USER = 100;
const OTHERS = 'others';
/** Caller of what has none. */
const EMBEDDER = 'embedder';

interface User {
  readonly slots: Slots;
  /** Tool → when it was used last. */
  readonly tools: Map<string, number>;
}

/**
 * Counts what the events of a runtime tell, from now on.
 * @param now Milliseconds since the epoch.
 * @throws {TypeError} for what is neither a runtime nor a clock.
 * @example
 * using metrics = createMetrics(runtime);
 * console.log(metrics.system({ windowMinutes: 5 }).errorRate, metrics.tool('read_file').meanMs);
 */
export function createMetrics(runtime: Pick<Runtime, 'on'>, now: () => number = Date.now): Metrics {
  checkField(runtime?.on, 'runtime.on', 'function!', 'keep metrics');
  checkField(now, 'now', 'function', 'keep metrics');
  const system = createSlots(SLOT, (LONGEST_WINDOW * MINUTE) / SLOT);
  const tools = new Map<string, ReturnType<typeof createTally>>();
  const users = new Map<string, User>();
  const failures = createFailures();
  /** Runs that go on. Those of calls are told of by their call. */
  const runs = new Set<string>();
  const calls = new Set<string>();
  const callRuns = new Map<string, number>();
  let ended = 0;
  let version = 0;

  const labelOf = (tool: string): string => (tools.has(tool) || tools.size < MOST_NAMES ? tool : OTHERS);
  const userOf = (id: string): User => {
    const user = users.get(id) ?? { slots: createSlots(MINUTE, LONGEST_WINDOW), tools: new Map() };
    // Whoever did something comes last, and whoever did nothing for longest goes.
    users.delete(id);
    users.set(id, user);
    const [oldest] = users.keys();
    if (users.size > MOST_NAMES && oldest !== undefined) users.delete(oldest);
    return user;
  };
  const count = (
    { time, identity, ok, code, usage }: Told,
    durationMs: number,
    tool: string | undefined,
  ): void => {
    const one: Ended = { time, ok, durationMs, cpuMs: usage.cpuMs, memoryBytes: usage.memoryBytes };
    version += 1;
    ended += 1;
    system.add(one);
    const user = userOf(identity.caller?.id ?? EMBEDDER);
    user.slots.add(one);
    if (tool !== undefined) {
      const tally = tools.get(tool) ?? createTally(0);
      tools.set(tool, tally);
      addTo(tally, one);
      user.tools.delete(tool);
      user.tools.set(tool, time);
      const [oldest] = user.tools.keys();
      if (user.tools.size > MOST_TOOLS_OF_USER && oldest !== undefined) user.tools.delete(oldest);
    }
    if (!ok)
      failures.add({
        time,
        code: code ?? 'INTERNAL',
        tool: tool ?? null,
        user: identity.caller?.id ?? EMBEDDER,
        runId: identity.runId,
      });
  };

  const listeners = [
    runtime.on('tool.started', ({ callId, identity }) => {
      calls.add(callId);
      callRuns.set(identity.runId, (callRuns.get(identity.runId) ?? 0) + 1);
    }),
    runtime.on('tool.called', (event) => {
      const { callId, identity, tool, code, durationMs } = event;
      calls.delete(callId);
      const left = (callRuns.get(identity.runId) ?? 1) - 1;
      if (left === 0) callRuns.delete(identity.runId);
      else callRuns.set(identity.runId, left);
      // Names that no tool has are chosen by callers: they get no figures of their own.
      count(event, durationMs, code === 'TOOL_NOT_FOUND' ? OTHERS : labelOf(tool));
    }),
    runtime.on('run.queued', ({ identity }) => {
      if (!callRuns.has(identity.runId)) runs.add(identity.runId);
    }),
    runtime.on('run.ended', (event) => {
      runs.delete(event.identity.runId);
      if (!callRuns.has(event.identity.runId)) count(event, event.usage.durationMs, undefined);
    }),
  ];

  const sinceOf = (minutes: number): number => now() - minutes * MINUTE;
  const userFigures = (id: string, user: User | undefined, minutes: number): UserFigures => {
    const since = sinceOf(minutes);
    return {
      ...figuresOf(user?.slots.sum(since) ?? createTally(since)),
      user: id,
      windowMinutes: minutes,
      tools: [...(user?.tools ?? [])].flatMap(([tool, used]) => (used > since ? [tool] : [])).sort(),
    };
  };
  const toolFigures = (name: string): ToolFigures => {
    const { errorRate, ...figures } = figuresOf(tools.get(name) ?? createTally(0));
    return { ...figures, tool: name, successRate: figures.total === 0 ? 0 : 1 - errorRate };
  };
  /** What was read last: reading again, with nothing new, adds nothing up. */
  let read: { readonly key: string; readonly figures: Figures } | undefined;

  return {
    system(options) {
      const windowMinutes = minutesOf(options);
      const key = `${version} ${windowMinutes} ${Math.floor(now() / SLOT)}`;
      if (read?.key !== key) read = { key, figures: figuresOf(system.sum(sinceOf(windowMinutes))) };
      return { ...read.figures, windowMinutes, active: runs.size + calls.size };
    },
    tool: toolFigures,
    tools: () => [...tools.keys()].map(toolFigures).sort((left, right) => right.total - left.total),
    user: (id, options) => userFigures(id, users.get(id), minutesOf(options)),
    users(options) {
      const minutes = minutesOf(options);
      return [...users]
        .map(([id, user]) => userFigures(id, user, minutes))
        .filter(({ total }) => total > 0)
        .sort((left, right) => right.total - left.total);
    },
    summary: () => ({
      tools: tools.size,
      runs: ended,
      mostUsed: [...tools]
        .map(([tool, { total }]) => ({ tool, total }))
        .sort((left, right) => right.total - left.total)
        .slice(0, 10),
      recentErrors: failures.recent(),
      errors: failures.groups(),
    }),
    series(options = {}) {
      const { points = 60 } = options;
      if (!Number.isInteger(points) || points < 1 || points > 240)
        throw new RangeError(
          `Cannot read figures: points ${String(points)} is not a whole number of 1 to 240`,
        );
      return seriesOf(system, sinceOf(minutesOf(options)), (minutesOf(options) * MINUTE) / points, points);
    },
    [Symbol.dispose]: () => {
      for (const stop of listeners) stop();
    },
  };
}

/** What both ends, of a call and of a run, tell. */
interface Told {
  readonly time: number;
  readonly identity: RunIdentity;
  readonly ok: boolean;
  readonly code?: ErrorCode;
  readonly usage: Usage;
}

function seriesOf(slots: Slots, since: number, partMs: number, points: number): readonly SeriesPoint[] {
  const parts = Array.from({ length: points }, (_, at) => createTally(since + at * partMs));
  for (const tally of slots.list(since)) {
    const part = parts[Math.min(points - 1, Math.max(0, Math.floor((tally.since - since) / partMs)))];
    if (part !== undefined) merge(part, tally);
  }
  return parts.map((part) => {
    const { total, failures, meanMs, p95Ms } = figuresOf(part);
    return { time: part.since, total, failures, meanMs, p95Ms };
  });
}

/** @throws {RangeError} */
function minutesOf({ windowMinutes = 5 }: WindowOptions = {}): number {
  if (Number.isFinite(windowMinutes) && windowMinutes >= 1 && windowMinutes <= LONGEST_WINDOW)
    return windowMinutes;
  throw new RangeError(
    `Cannot read figures: windowMinutes ${String(windowMinutes)} is not within 1 to ${LONGEST_WINDOW}`,
  );
}
