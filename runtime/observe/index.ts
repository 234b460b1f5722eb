// The package's `sandglass/observe`: what listens to a runtime. It runs on every platform.

export { ALERT_RULES, type AlertRule } from './alert-rules.ts';
export { type Alert, type AlertState, type Alerts, type AlertsOptions, createAlerts } from './alerts.ts';
export type { Failure, FailureGroup } from './failures.ts';
export {
  createLog,
  LOG_LEVELS,
  LOG_PARTS,
  type Log,
  type LogLevel,
  type LogLevels,
  type LogOptions,
  type LogPart,
  type LogRecord,
  parseLogLevels,
} from './log.ts';
export {
  createMetrics,
  type Metrics,
  type MetricsSummary,
  type SeriesPoint,
  type SystemFigures,
  type ToolFigures,
  type UserFigures,
  type WindowOptions,
} from './metrics.ts';
export type { OtelApi, OtelTracer } from './otel-api.ts';
export { createPrometheus, type Gauge, type PrometheusFigures } from './prometheus.ts';
export { createTracing, type Tracing, type TracingOptions } from './tracing.ts';
export { createWebhook, type WebhookOptions } from './webhook.ts';
export type { Figures } from './window.ts';
