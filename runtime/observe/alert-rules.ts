import type { Metrics } from './metrics.ts';

/** When something is wrong, and for how long it has to be. */
export interface AlertRule {
  /** Letters, digits and `_`. */
  readonly name: string;
  readonly severity: 'warning' | 'critical';
  /** For people. */
  readonly summary: string;
  /** How long it has to hold without a break before it is told, ms, 0... */
  readonly forMs: number;
  /** Answers the figure that is too high, and `undefined` while nothing is wrong. */
  readonly check: (metrics: Metrics) => number | undefined;
}

const MINUTE = 60_000;

/** The rules of `examples/prometheus/sandglass.rules.yml`, in process. */
export const ALERT_RULES: readonly AlertRule[] = Object.freeze([
  {
    name: 'HighToolErrorRate',
    severity: 'warning',
    summary: 'More than 10 % of calls fail',
    forMs: 2 * MINUTE,
    check: (metrics) => over(metrics.system({ windowMinutes: 5 }).errorRate, 0.1),
  },
  {
    name: 'SlowToolExecution',
    severity: 'warning',
    summary: 'One call of twenty takes more than 30 s',
    forMs: 5 * MINUTE,
    check: (metrics) => over(metrics.system({ windowMinutes: 5 }).p95Ms, 30_000),
  },
]);

const over = (value: number, most: number): number | undefined => (value > most ? value : undefined);
