import type { RunIdentity } from './caller.ts';
import { defined } from './defined.ts';
import type { ErrorCode } from './errors.ts';
import type { JsonValue } from './json.ts';
import type { IsolationLevel } from './levels.ts';
import type { Resource } from './resource.ts';
import type { Usage } from './usage.ts';

export type { Resource } from './resource.ts';

interface EventBase {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly identity: RunIdentity;
}

/** A run was asked for, with options that can be read. */
export interface RunQueued extends EventBase {
  readonly kind: 'run.queued';
  readonly level: IsolationLevel;
  /** Name of the session that it asks for. */
  readonly session?: string;
}

/** Its guest begins. */
export interface RunStarted extends EventBase {
  readonly kind: 'run.started';
  readonly level: IsolationLevel;
  readonly engine: string;
  readonly queuedMs: number;
}

/** Its guest asked the host for something, and got it or not. */
export interface HostCalled extends EventBase {
  readonly kind: 'host.called';
  readonly operation: string;
  readonly capability: string;
  readonly resource?: Resource;
  /** All that it was about, in order, where one led to another: redirects. At most 32. */
  readonly hops?: readonly Resource[];
  readonly decision: 'allowed' | 'refused';
  /** Why it was refused. */
  readonly code?: ErrorCode;
  readonly durationMs: number;
  readonly egressBytes: number;
  readonly ingressBytes: number;
}

/** Every run that was queued ends once; one that was refused before its guest began, too. */
export interface RunEnded extends EventBase {
  readonly kind: 'run.ended';
  readonly level: IsolationLevel;
  /** `null` when it ended before one was chosen. */
  readonly engine: string | null;
  readonly ok: boolean;
  readonly code?: ErrorCode;
  readonly queuedMs: number;
  readonly usage: Usage;
}

/** A tool is called by a name, which may be that of no tool. */
export interface ToolStarted extends EventBase {
  readonly kind: 'tool.started';
  /** As the caller said it, at most 80 characters. */
  readonly tool: string;
  readonly callId: string;
}

/** A tool was called by its name, and answered or failed. Every call that has started is told of once. */
export interface ToolCalled extends EventBase {
  readonly kind: 'tool.called';
  readonly tool: string;
  readonly callId: string;
  readonly ok: boolean;
  readonly code?: ErrorCode;
  /** Answered from memory. */
  readonly cached?: true;
  readonly durationMs: number;
  /** The stages that the call passed, in order. */
  readonly stages: readonly PassedStage[];
  /** What its guest cost; of a trusted tool, and of a call that was refused, zeros. */
  readonly usage: Usage;
}

/** One stage of the pipeline, as one call passed it. */
export interface PassedStage {
  readonly stage: string;
  readonly ms: number;
  /** The code with which the stage refused. */
  readonly code?: string;
}

/** A tool, or a run that is of none, told how far it is. What it says is its own word. */
export interface ToolProgress extends EventBase {
  readonly kind: 'tool.progress';
  /** Absent for a run of no tool. */
  readonly tool?: string;
  /** Absent for a run of no tool. */
  readonly callId?: string;
  /** Of guests and trusted tools 0..1, with 1 as the total; a tool on a server counts as it likes. */
  readonly progress: number;
  readonly total?: number;
  /** Of guests and trusted tools at most 4,097 characters. */
  readonly message?: string;
}

/** A tool on its way in. From a file it passes all three stages in this order; from code the last two. Where one stops it, `denied` tells. */
export interface ToolEntered extends EventBase {
  readonly kind: 'tool.entered';
  /** `discovered`: its file was found; `checked`: its manifest holds, and the policy has what it wants; `registered`: it can be called. */
  readonly stage: 'discovered' | 'checked' | 'registered';
  /** Its name, once its manifest was read. */
  readonly tool?: string;
  /** Its file, below the folder that was looked through. */
  readonly path?: string;
}

export const LOG_LEVELS = Object.freeze(['debug', 'info', 'warn', 'error'] as const);

/** A guest, or a trusted tool, has written a line of its log. All in it is its own word. */
export interface GuestLogged extends EventBase {
  readonly kind: 'guest.logged';
  readonly level: (typeof LOG_LEVELS)[number];
  /** At most 4,097 characters. */
  readonly message: string;
  /** At most 64 KiB as JSON. */
  readonly data?: JsonValue;
  /** Absent for a run of no tool. */
  readonly tool?: string;
  /** Absent for a run of no tool. */
  readonly callId?: string;
}

/** Something was refused by grant, policy, level or permission. */
export interface Denied extends EventBase {
  readonly kind: 'denied';
  readonly code: ErrorCode;
  readonly message: string;
  readonly capability?: string;
  readonly operation?: string;
  readonly resource?: Resource;
  /** Of a tool: where it was stopped. `discovery`: its file; `registration`: its manifest; `execution`: a call; `output`: what it answered. */
  readonly gate?: 'discovery' | 'registration' | 'execution' | 'output';
}

/** A run waited for a cell that had to be started. */
export interface CellStarted extends EventBase {
  readonly kind: 'cell.started';
  readonly engine: string;
  readonly waitedMs: number;
}

/** Something threw that should not: in the runtime, a host function, or a listener. No outcome shows it. */
export interface Fault extends EventBase {
  readonly kind: 'fault';
  readonly error: unknown;
}

/** All that a runtime tells; branch on `kind`. */
export type RuntimeEvent =
  | RunQueued
  | RunStarted
  | HostCalled
  | RunEnded
  | GuestLogged
  | ToolStarted
  | ToolCalled
  | ToolProgress
  | ToolEntered
  | Denied
  | CellStarted
  | Fault;

export type EventKind = RuntimeEvent['kind'];
export type EventOf<K extends EventKind> = Extract<RuntimeEvent, { readonly kind: K }>;

/** Every kind, in the order of a life: a tool comes first, then runs of it. */
export const EVENT_KINDS = Object.freeze([
  'tool.entered',
  'tool.started',
  'run.queued',
  'cell.started',
  'run.started',
  'host.called',
  'guest.logged',
  'tool.progress',
  'denied',
  'tool.called',
  'fault',
  'run.ended',
] as const satisfies readonly EventKind[]);

/** One host call, as `onAudit` is told of it. */
export interface AuditLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly runId: string;
  /** Id of the run that it is nested in. */
  readonly parent?: string;
  /** Who asked for the run. */
  readonly caller?: string;
  readonly operation: string;
  readonly capability: string;
  readonly resource?: Resource;
  readonly hops?: readonly Resource[];
  readonly decision: 'allowed' | 'refused';
  readonly code?: ErrorCode;
  readonly durationMs: number;
  readonly egressBytes: number;
  readonly ingressBytes: number;
}

/** The line of a host call. */
export function auditLineOf({ kind: _, identity, time, ...call }: HostCalled): AuditLine {
  const { runId, parent, caller } = identity;
  return {
    time,
    runId,
    ...defined({ parent }),
    ...(caller === undefined ? {} : { caller: caller.id }),
    ...call,
  };
}
