import type { ErrorCode } from './errors.ts';

export interface AuditLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly runId: string;
  readonly operation: string;
  readonly capability: string;
  readonly decision: 'allowed' | 'refused';
  readonly code?: ErrorCode;
  readonly durationMs: number;
  readonly egressBytes: number;
  readonly ingressBytes: number;
}
