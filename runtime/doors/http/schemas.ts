import { ERROR_CODES } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { Answer, Parameter } from './route.ts';
import { LEVEL_SCHEMA, LIMITS_SCHEMA, RUN_SCHEMA, SESSION_SCHEMA } from './run-schema.ts';
import { CALL_SCHEMA, CALLS_SCHEMA } from './tool-schema.ts';

/** What the document of the API calls a schema by. */
export const ref = (name: keyof typeof SCHEMAS): JsonObject => ({ $ref: `#/components/schemas/${name}` });

export const json = (schema: JsonObject): Readonly<Record<string, JsonObject>> => ({
  'application/json': schema,
});

/** Server-sent events: what reads the document takes a schema here for that of the body, or of each event. */
export const STREAM = { 'text/event-stream': {} } as const;

export const RUN_ID: Readonly<Record<string, Parameter>> = {
  id: { in: 'path', schema: { type: 'string' }, description: 'Id of a run or call' },
};

export const TOOL_NAME: Readonly<Record<string, Parameter>> = {
  name: { in: 'path', schema: { type: 'string' }, description: 'Name of a tool, or another that it has' },
};

export const RUN_HEADERS: Readonly<Record<string, Parameter>> = {
  Prefer: {
    in: 'header',
    schema: { type: 'string' },
    description: 'respond-async: answer 202 at once, and where to ask',
  },
  'Idempotency-Key': {
    in: 'header',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
    description: 'A request that is sent again with its key is done once',
  },
};

/** The three ways in which a run is answered. */
export const RUN_ANSWERS = (outcome: 'Outcome' | 'ToolOutcome'): Readonly<Record<number, Answer>> => ({
  200: {
    description: 'The outcome, or with Accept: text/event-stream its events',
    content: { ...json(ref(outcome)), ...STREAM },
  },
  202: { description: 'With Prefer: respond-async: it was accepted', content: json(ref('Run')) },
  422: { description: 'The Idempotency-Key was used for another request', content: json(ref('Error')) },
});

const text = { type: 'string' } as const;
const strings = { type: 'array', items: text } as const;
const object = { type: 'object' } as const;

const error = {
  type: 'object',
  required: ['code', 'message', 'retryable'],
  properties: {
    code: { enum: Object.keys(ERROR_CODES) },
    message: text,
    details: object,
    hint: text,
    retryable: { type: 'boolean' },
    runId: text,
    tool: text,
    time: { type: 'string', format: 'date-time' },
  },
} as const;

const outcome = {
  ok: { type: 'boolean' },
  value: {},
  stdout: text,
  stderr: text,
  exitCode: { type: 'integer' },
  files: object,
  error,
  usage: object,
  meta: object,
} as const;

const toolOutcome = {
  ...outcome,
  tool: text,
  callId: text,
  sessionId: text,
  text,
  truncated: { type: 'boolean' },
  originalLength: { type: 'integer' },
  artifact: text,
  trace: { type: 'array', items: object },
} as const;

const state = { enum: ['queued', 'running', 'done'] } as const;
const next = { type: 'string', description: 'Cursor of the next page' } as const;

const tool = {
  type: 'object',
  required: ['name', 'version', 'description', 'input', 'capabilities', 'dangerous'],
  properties: {
    name: text,
    version: text,
    description: text,
    kind: text,
    input: object,
    output: { type: ['object', 'null'] },
    capabilities: strings,
    dangerous: { type: 'boolean' },
    tags: strings,
    keywords: strings,
    aliases: strings,
  },
} as const;

const list = (name: string, items: JsonObject): JsonObject => ({
  type: 'object',
  required: [name],
  properties: { [name]: { type: 'array', items }, next },
});

const withoutId = ({ $id: _, ...schema }: { readonly $id: string }): JsonObject => schema as JsonObject; // of constants, which are JSON

/** By name, as the routes refer to them. */
export const SCHEMAS = {
  Error: {
    type: 'object',
    required: ['ok', 'error'],
    properties: { ok: { const: false }, error },
  },
  Limits: LIMITS_SCHEMA,
  Level: LEVEL_SCHEMA,
  RunRequest: withoutId(RUN_SCHEMA),
  SessionRequest: withoutId(SESSION_SCHEMA),
  CallRequest: withoutId(CALL_SCHEMA),
  CallsRequest: withoutId(CALLS_SCHEMA),
  Outcome: {
    type: 'object',
    required: ['ok', 'stdout', 'stderr', 'usage', 'meta'],
    properties: outcome,
  },
  ToolOutcome: {
    type: 'object',
    required: ['ok', 'stdout', 'stderr', 'usage', 'meta', 'tool', 'callId', 'text', 'trace'],
    properties: toolOutcome,
  },
  Outcomes: {
    type: 'object',
    required: ['outcomes'],
    properties: { outcomes: { type: 'array', items: { type: 'object', properties: toolOutcome } } },
  },
  Run: {
    type: 'object',
    required: ['id', 'state'],
    properties: {
      id: text,
      state,
      outcome: { type: 'object', properties: toolOutcome },
      shortened: {
        type: 'boolean',
        description: 'The server was restarted, and of a large outcome it kept neither value nor output',
      },
    },
  },
  RunPage: list('runs', {
    type: 'object',
    required: ['id', 'state', 'askedAt'],
    properties: {
      id: text,
      tool: text,
      state,
      askedAt: { type: 'number' },
      ok: { type: 'boolean' },
      code: text,
    },
  }),
  Tool: tool,
  ToolPage: list('tools', tool),
  ToolMatches: list('tools', {
    type: 'object',
    required: ['name', 'description', 'score'],
    properties: { name: text, description: text, score: { type: 'number' } },
  }),
  ArtifactPart: {
    type: 'object',
    required: ['text', 'offset', 'total', 'mime'],
    properties: {
      text,
      offset: { type: 'integer' },
      total: { type: 'integer' },
      mime: text,
      encoding: { const: 'base64', description: 'The text is a piece of a file in base64' },
    },
  },
  Session: { type: 'object', required: ['name'], properties: { name: text, closed: { type: 'boolean' } } },
  Module: {
    type: 'object',
    required: ['hash', 'kind', 'exports', 'bytes'],
    properties: { hash: text, kind: text, exports: strings, bytes: { type: 'integer' } },
  },
  Health: {
    type: 'object',
    required: ['status', 'time', 'runtime', 'queued', 'running', 'cells', 'remote'],
    properties: {
      status: { type: 'string', enum: ['healthy', 'draining', 'unhealthy'] },
      time: { type: 'number', description: 'Milliseconds since the epoch' },
      runtime: { type: 'string', enum: ['healthy', 'unhealthy'] },
      queued: { type: 'integer' },
      running: { type: 'integer' },
      cells: {
        type: 'object',
        description: 'Workers and processes by what they do',
        properties: { starting: { type: 'integer' }, idle: { type: 'integer' }, busy: { type: 'integer' } },
      },
      remote: {
        type: 'string',
        enum: ['disabled', 'healthy', 'degraded'],
        description: 'Servers whose tools are among those here',
      },
    },
  },
} as const satisfies Readonly<Record<string, JsonObject>>;
