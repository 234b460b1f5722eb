import type { Runtime } from '../contracts/api/runtime.ts';
import type { EventKind, RuntimeEvent } from '../vocabulary/events.ts';
import { didYouMean } from '../vocabulary/nearest.ts';

export const LOG_LEVELS = Object.freeze(['debug', 'info', 'warn', 'error', 'off'] as const);
export type LogLevel = (typeof LOG_LEVELS)[number];

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
  readonly level: Exclude<LogLevel, 'off'>;
  readonly part: LogPart;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Log extends Disposable {
  /** Whether a line of this part and level is written. */
  speaks(part: LogPart, level: Exclude<LogLevel, 'off'>): boolean;
  /** Writes a line of the embedder's or a door's own. */
  write(
    part: LogPart,
    level: Exclude<LogLevel, 'off'>,
    message: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void;
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

/** Longest text of a field, characters: what a guest names can be long. */
const MOST_CHARACTERS = 512;

/**
 * Writes what the events of a runtime tell, a JSON object a line: no arguments, values, outputs or secrets.
 * @throws {TypeError} for an unknown part or level.
 * @example
 * using log = createLog(runtime, { levels: { default: 'warn', tools: 'debug' } });
 */
export function createLog(
  runtime: Pick<Runtime, 'on'>,
  { levels = 'info', write = (line) => console.error(line), now = Date.now }: LogOptions = {},
): Log {
  const byPart = readLevels(levels);
  const speaks = (part: LogPart, level: Exclude<LogLevel, 'off'>): boolean =>
    LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(levelOf(part, byPart));
  const put: Log['write'] = (part, level, message, fields = {}) => {
    if (!speaks(part, level)) return;
    const record: LogRecord = { time: new Date(now()).toISOString(), level, part, message, ...fields };
    write(JSON.stringify(record, cut));
  };
  const listeners = (Object.keys(LINES) as (keyof typeof LINES)[]).map((kind) =>
    runtime.on(kind, (event: RuntimeEvent) => {
      const line = lineOf(event);
      if (line !== undefined)
        put(line.part, line.level, line.message, { ...identityOf(event), ...line.fields });
    }),
  );
  return {
    speaks,
    write: put,
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

interface Line {
  readonly part: LogPart;
  readonly level: Exclude<LogLevel, 'off'>;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a line says of an event of each kind. */
const LINES: { readonly [K in EventKind]?: (event: Extract<RuntimeEvent, { readonly kind: K }>) => Line } = {
  'run.queued': ({ level, session }) =>
    line('sandbox.run', 'debug', 'run queued', { isolation: level, session }),
  'cell.started': ({ engine, waitedMs }) =>
    line('sandbox.cell', 'debug', 'cell started', { engine, waitedMs: Math.round(waitedMs) }),
  'run.started': ({ engine, level, queuedMs }) =>
    line('sandbox.run', 'debug', 'run started', { engine, isolation: level, queuedMs: Math.round(queuedMs) }),
  'run.ended': ({ engine, ok, code, usage }) =>
    line('sandbox.run', ok ? 'info' : 'warn', 'run ended', {
      engine,
      ok,
      code,
      durationMs: Math.round(usage.durationMs),
      cpuMs: usage.cpuMs === null ? undefined : Math.round(usage.cpuMs),
      fuel: usage.fuel,
      memoryBytes: usage.memoryBytes,
    }),
  'host.called': ({ operation, capability, resource, decision, code, durationMs }) =>
    line('sandbox.host', 'debug', 'host called', {
      operation,
      capability,
      resource,
      decision,
      code,
      durationMs: Math.round(durationMs),
    }),
  denied: ({ code, capability, operation, resource, gate }) =>
    line('policy', 'warn', 'denied', { code, capability, operation, resource, gate }),
  'tool.entered': ({ stage, tool, path }) =>
    line('tools.registry', 'debug', 'tool entered', { stage, tool, path }),
  'tool.called': ({ tool, callId, ok, code, cached, durationMs }) =>
    line('tools.call', ok ? 'info' : 'warn', 'tool called', {
      tool,
      call: callId,
      ok,
      code,
      cached,
      durationMs: Math.round(durationMs),
    }),
  fault: ({ error }) =>
    line('sandbox', 'error', 'fault', {
      error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    }),
};

const line = (
  part: LogPart,
  level: Exclude<LogLevel, 'off'>,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): Line => ({ part, level, message, fields });

function lineOf(event: RuntimeEvent): Line | undefined {
  const tell = LINES[event.kind] as ((event: RuntimeEvent) => Line) | undefined; // the table holds each under its own kind
  return tell?.(event);
}

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
