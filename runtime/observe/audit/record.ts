import { defined } from '../../vocabulary/defined.ts';
import type { ErrorCode } from '../../vocabulary/errors.ts';
import type { EventKind, EventOf, Resource } from '../../vocabulary/events.ts';

/** What one line of an audit tells, beside its place in the chain. It holds no argument, no answer and no message: those can hold secrets. */
export interface AuditRecord {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** That of the event, or one of the log itself: `audit.opened`, `audit.closed`, `audit.dropped`. */
  readonly kind: AuditKind;
  readonly run?: string;
  /** Id of the run that it is nested in. */
  readonly parent?: string;
  /** Absent for the embedder itself. */
  readonly caller?: string;
  readonly agent?: string;
  readonly tool?: string;
  readonly callId?: string;
  readonly operation?: string;
  readonly capability?: string;
  readonly resource?: Resource;
  readonly hops?: readonly Resource[];
  readonly decision?: 'allowed' | 'refused';
  readonly ok?: boolean;
  readonly code?: ErrorCode;
  /** More of the event: level, engine, gate, stage, path, cached. */
  readonly [more: string]: unknown;
}

export type AuditKind =
  | Exclude<EventKind, 'cell.started' | 'guest.logged'>
  | 'audit.opened'
  | 'audit.closed'
  | 'audit.dropped';

/** Kinds of events that get a line each. */
export const AUDITED = [
  'tool.entered',
  'run.queued',
  'run.started',
  'host.called',
  'denied',
  'tool.called',
  'fault',
  'run.ended',
] as const satisfies readonly EventKind[];

type Audited = EventOf<(typeof AUDITED)[number]>;

/** Of one text; a guest chooses paths and statements, and must not fill the disk with them. */
const MOST_CHARACTERS = 512;
/** Of one record as JSON; beyond it what the call was about is left out, and the record says so. */
const MOST_BYTES = 16 * 1024;

/** Codes by which a call was not let through; others tell how it ended. */
const REFUSALS: ReadonlySet<string> = new Set<ErrorCode>([
  'CAPABILITY_DENIED',
  'CONFIRMATION_REQUIRED',
  'RATE_LIMITED',
  'UNAUTHENTICATED',
]);

const decisionOf = (code: ErrorCode | undefined): AuditRecord['decision'] =>
  code !== undefined && REFUSALS.has(code) ? 'refused' : 'allowed';

/** The record of an event. */
export function recordOf(event: Audited): AuditRecord {
  const { time, kind, identity } = event;
  const { runId, parent, caller } = identity;
  return {
    time,
    kind,
    ...defined({ run: runId === '' ? undefined : runId, parent, caller: caller?.id, agent: caller?.agent }),
    ...defined(detailsOf(event)),
  };
}

function detailsOf(event: Audited): Readonly<Record<string, unknown>> {
  switch (event.kind) {
    case 'host.called': {
      const { operation, capability, resource, hops, decision, code, egressBytes, ingressBytes } = event;
      return { operation, capability, resource, hops, decision, code, egressBytes, ingressBytes };
    }
    case 'denied': {
      const { operation, capability, resource, gate, code } = event;
      return { operation, capability, resource, gate, decision: 'refused', code };
    }
    case 'tool.called': {
      const { tool, callId, ok, code, cached, durationMs } = event;
      return { tool, callId, decision: decisionOf(code), ok, code, cached, durationMs };
    }
    case 'tool.entered':
      return { tool: event.tool, stage: event.stage, path: event.path };
    case 'run.queued':
      return { level: event.level, session: event.session };
    case 'run.started':
      return { level: event.level, engine: event.engine };
    case 'run.ended': {
      const { level, engine, ok, code, usage } = event;
      const { fuel, durationMs, memoryBytes } = usage;
      return { level, engine, decision: decisionOf(code), ok, code, fuel, durationMs, memoryBytes };
    }
    case 'fault':
      return {}; // its error can hold anything; `onError` is told of it
  }
}

/** A record as JSON of one line: printable whatever its texts hold, each text cut, the whole bounded. */
export function bodyOf(record: AuditRecord): string {
  const body = oneLine(record);
  if (body.length <= MOST_BYTES) return body;
  const { resource: _, hops: __, ...rest } = record;
  return oneLine({ ...rest, cut: true });
}

/**
 * JSON escapes line feeds and the like; the rest of what could move a cursor or turn a line round is escaped here, and everything else
 * beyond ASCII.
 */
const oneLine = (record: AuditRecord): string =>
  JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'string' && value.length > MOST_CHARACTERS
      ? `${value.slice(0, MOST_CHARACTERS)}…`
      : value,
  ).replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
