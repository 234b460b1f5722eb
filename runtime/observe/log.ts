import type { Runtime } from '../contracts/api/runtime.ts';
import { checkField, checkFields, type FieldKind } from '../vocabulary/check-fields.ts';
import type { EventKind, EventOf, RuntimeEvent } from '../vocabulary/events.ts';
import { guarded } from '../vocabulary/guarded.ts';
import { didYouMean } from '../vocabulary/nearest.ts';

export const LOG_LEVELS = Object.freeze(['debug', 'info', 'warn', 'error', 'off'] as const);
export type LogLevel = (typeof LOG_LEVELS)[number];
type Spoken = Exclude<LogLevel, 'off'>;

/** Parts that can have a level of their own, each with those below it: `tools` stands for `tools.call` as well. */
export const LOG_PARTS = Object.freeze([
  'sandbox',
  'sandbox.run',
  'sandbox.cell',
  'sandbox.host',
  'tools',
  'tools.call',
  'tools.registry',
  'policy',
  'server',
] as const);
export type LogPart = (typeof LOG_PARTS)[number];

/** One line: what it has beside these is of its kind. */
export interface LogRecord {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: Spoken;
  readonly part: LogPart;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Log extends Disposable {
  /** Whether a line of this part and level is written. */
  speaks(part: LogPart, level: Spoken): boolean;
  /** Writes a line of the embedder's or a door's own. */
  write(part: LogPart, level: Spoken, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface LogOptions {
  /** `'info'`, or levels by part: `{ default: 'warn', tools: 'debug' }`. The longest part that fits decides. @default 'info' */
  readonly levels?: LogLevel | LogLevels;
  /** Takes one line of JSON, without its end. @default the console's error stream */
  readonly write?: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export type LogLevels = Readonly<Partial<Record<LogPart | 'default', LogLevel>>>;

const WHERE = 'write a log';
const FIELDS: Readonly<Record<keyof LogOptions, FieldKind>> = {
  levels: 'any',
  write: 'function',
  now: 'function',
};

/** Longest text of a field, characters: what a guest names can be long. */
const MOST_CHARACTERS = 512;

/**
 * Writes what the events of a runtime tell, a JSON object a line: no arguments, values, outputs or secrets.
 * @throws {TypeError} for an unknown part or level.
 * @example
 * using log = createLog(runtime, { levels: { default: 'warn', tools: 'debug' } });
 */
export function createLog(runtime: Pick<Runtime, 'on'>, options: LogOptions = {}): Log {
  checkField(runtime?.on, 'runtime.on', 'function!', WHERE);
  checkFields(options, FIELDS, WHERE);
  const { levels = 'info', write = (line: string) => console.error(line), now = Date.now } = options;
  const byPart = readLevels(levels);
  const speaks = (part: LogPart, level: Spoken): boolean =>
    LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(levelOf(part, byPart));
  const put = (...[part, level, message, fields = {}]: Parameters<Log['write']>): unknown => {
    if (!speaks(part, level)) return undefined;
    const record: LogRecord = { time: new Date(now()).toISOString(), level, part, message, ...fields };
    return write(JSON.stringify(record, cut)); // a promise of an async one, so that its failure is somebody's
  };
  // What no line is written of is not listened to: nobody makes an event that nobody wants.
  const listeners = (Object.keys(LINES) as (keyof typeof LINES)[]).flatMap((kind) => {
    const { part, most, levelOf: levelOfLine = () => most, message, fields } = LINES[kind] as Line<EventKind>; // each stands under its own kind
    return speaks(part, most)
      ? [
          runtime.on(kind, (event) =>
            // The runtime tells its `onError` of a fault.
            put(part, levelOfLine(event), message, { ...identityOf(event), ...fields(event) }),
          ),
        ]
      : [];
  });
  return {
    speaks,
    write: guarded(put, (error) => console.error('sandglass: the log cannot be written:', error)),
    [Symbol.dispose]: () => {
      for (const stop of listeners) stop();
    },
  };
}

/**
 * Reads `warn,tools=debug`: a level for all, and levels of parts.
 * @throws {TypeError} for what is neither.
 */
export function parseLogLevels(text: string): LogLevels {
  const pairs = text.split(',').map((word) => {
    const [part = '', level, ...rest] = word.trim().split('=');
    if (rest.length > 0) throw new TypeError(`Cannot log: "${word}" is not PART=LEVEL`);
    return level === undefined ? (['default', part] as const) : ([part, level] as const);
  });
  const levels = Object.fromEntries(pairs);
  readLevels(levels);
  return levels;
}

/** What a line says of an event of one kind. */
interface Line<K extends EventKind> {
  readonly part: LogPart;
  /** The most severe level that it has. */
  readonly most: Spoken;
  /** @default most */
  readonly levelOf?: (event: EventOf<K>) => Spoken;
  readonly message: string;
  readonly fields: (event: EventOf<K>) => Readonly<Record<string, unknown>>;
}

const LINES: { readonly [K in EventKind]?: Line<K> } = {
  'run.queued': {
    part: 'sandbox.run',
    most: 'debug',
    message: 'run queued',
    fields: ({ level, session }) => ({ isolation: level, session }),
  },
  'cell.started': {
    part: 'sandbox.cell',
    most: 'debug',
    message: 'cell started',
    fields: ({ engine, waitedMs }) => ({ engine, waitedMs: Math.round(waitedMs) }),
  },
  'run.started': {
    part: 'sandbox.run',
    most: 'debug',
    message: 'run started',
    fields: ({ engine, level, queuedMs }) => ({ engine, isolation: level, queuedMs: Math.round(queuedMs) }),
  },
  'run.ended': {
    part: 'sandbox.run',
    most: 'warn',
    levelOf: ({ ok }) => (ok ? 'info' : 'warn'),
    message: 'run ended',
    fields: ({ engine, ok, code, usage }) => ({
      engine,
      ok,
      code,
      durationMs: Math.round(usage.durationMs),
      cpuMs: usage.cpuMs === null ? undefined : Math.round(usage.cpuMs),
      fuel: usage.fuel,
      memoryBytes: usage.memoryBytes,
    }),
  },
  'host.called': {
    part: 'sandbox.host',
    most: 'debug',
    message: 'host called',
    fields: ({ operation, capability, resource, decision, code, durationMs }) => ({
      operation,
      capability,
      resource,
      decision,
      code,
      durationMs: Math.round(durationMs),
    }),
  },
  denied: {
    part: 'policy',
    most: 'warn',
    message: 'denied',
    fields: ({ code, capability, operation, resource, gate }) => ({
      code,
      capability,
      operation,
      resource,
      gate,
    }),
  },
  'tool.entered': {
    part: 'tools.registry',
    most: 'debug',
    message: 'tool entered',
    fields: ({ stage, tool, path }) => ({ stage, tool, path }),
  },
  'tool.called': {
    part: 'tools.call',
    most: 'warn',
    levelOf: ({ ok }) => (ok ? 'info' : 'warn'),
    message: 'tool called',
    fields: ({ tool, callId, ok, code, cached, durationMs }) => ({
      tool,
      call: callId,
      ok,
      code,
      cached,
      durationMs: Math.round(durationMs),
    }),
  },
  fault: {
    part: 'sandbox',
    most: 'error',
    message: 'fault',
    fields: ({ error }) => ({
      error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    }),
  },
};

const identityOf = ({ identity }: RuntimeEvent): Readonly<Record<string, unknown>> => ({
  run: identity.runId,
  parent: identity.parent,
  user: identity.caller?.id,
  agent: identity.caller?.agent,
});

function levelOf(part: LogPart, levels: LogLevels): LogLevel {
  for (let name: string = part; ; name = name.slice(0, name.lastIndexOf('.'))) {
    const level = levels[name as LogPart];
    if (level !== undefined) return level;
    if (!name.includes('.')) return levels.default ?? 'info';
  }
}

function readLevels(levels: LogLevel | LogLevels): LogLevels {
  const byPart: LogLevels = typeof levels === 'string' ? { default: levels } : levels;
  for (const [part, level] of Object.entries(byPart)) {
    if (part !== 'default' && !LOG_PARTS.includes(part as LogPart))
      throw new TypeError(
        `Cannot log: unknown part "${part.slice(0, 80)}"${didYouMean(part, LOG_PARTS)}; known are ${LOG_PARTS.join(', ')}`,
      );
    if (!LOG_LEVELS.includes(level as LogLevel))
      throw new TypeError(
        `Cannot log: unknown level "${String(level).slice(0, 80)}"${didYouMean(String(level), LOG_LEVELS)}; known are ${LOG_LEVELS.join(', ')}`,
      );
  }
  return byPart;
}

const cut = (_name: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}…` : value;
