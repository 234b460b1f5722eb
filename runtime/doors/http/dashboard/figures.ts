import type { CellCounts } from '../../../contracts/api/health.ts';
import type { QueueCounts } from '../../../contracts/queue.ts';
import type { AlertState } from '../../../observe/alerts.ts';
import type { Failure, FailureGroup } from '../../../observe/failures.ts';
import type { SeriesPoint, SystemFigures, ToolFigures, UserFigures } from '../../../observe/metrics.ts';

/** Answer of `GET /v1/metrics`: what the dashboard draws. */
export interface DashboardFigures {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly windowMinutes: number;
  readonly system: SystemFigures;
  readonly series: readonly SeriesPoint[];
  /** The most used first, at most 20. */
  readonly tools: readonly ToolFigures[];
  /** The busiest first, at most 20. */
  readonly users: readonly UserFigures[];
  /** By code and tool, the most frequent first, at most 20. */
  readonly errors: readonly FailureGroup[];
  /** The newest first, at most 20. */
  readonly recentErrors: readonly Failure[];
  readonly queue: QueueCounts;
  /** Runs that go on. */
  readonly runs: number;
  readonly cells: CellCounts;
  readonly alerts: readonly AlertState[];
}
