import { GUEST_FILES } from '../../vocabulary/guest-file.ts';
import { LIMITS } from '../../vocabulary/limits.ts';
import { PRIORITIES } from '../../vocabulary/priority.ts';
import { IDLE_MS } from '../../vocabulary/session-idle.ts';

const text = { type: 'string' } as const;

/** As the module store answers it. */
const moduleHash = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;

/** As the runtime takes it: safe in a path, a header, a log. */
const sessionName = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' } as const;
/** JSON Schema of a level. */
export const LEVEL_SCHEMA = { enum: ['minimal', 'standard', 'strict', 'maximum'] } as const;

/** JSON Schema of limits. */
export const LIMITS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    Object.entries(LIMITS).map(([name, { minimum, maximum, unit }]) => [
      name,
      { type: unit === 'share' ? 'number' : 'integer', minimum, maximum },
    ]),
  ),
} as const;

/** JSON Schema of the body of `POST /v1/runs`. What a grant holds is checked by the runtime and the host functions it names. */
export const RUN_SCHEMA = {
  $id: 'run',
  type: 'object',
  additionalProperties: false,
  properties: {
    language: text,
    code: text,
    module: moduleHash,
    filename: { type: 'string', minLength: 1, maxLength: 255 },
    modules: { type: 'object', additionalProperties: text },
    form: { enum: ['auto', 'script', 'module'] },
    invoke: { type: 'string', minLength: 1 },
    args: { type: 'array' },
    argv: { type: 'array', items: text },
    stdin: {},
    inputs: { type: 'object' },
    packages: { type: 'array', items: text, maxItems: 50 },
    files: {
      type: 'object',
      maxProperties: GUEST_FILES.maxFiles,
      additionalProperties: {
        anyOf: [
          text,
          { type: 'object', required: ['$bytes'], additionalProperties: false, properties: { $bytes: text } },
        ],
      },
    },
    collect: { type: 'array', items: text, maxItems: GUEST_FILES.maxPatterns },
    cwd: text,
    session: sessionName,
    grant: { type: 'object', properties: { limits: LIMITS_SCHEMA } },
    limits: LIMITS_SCHEMA,
    level: LEVEL_SCHEMA,
    engine: text,
    trace: { type: 'boolean' },
    priority: { enum: [...PRIORITIES] },
  },
} as const;

/** JSON Schema of the body of `POST /v1/sessions`. */
export const SESSION_SCHEMA = {
  $id: 'session',
  type: 'object',
  additionalProperties: false,
  properties: {
    name: sessionName,
    language: text,
    module: moduleHash,
    level: LEVEL_SCHEMA,
    grant: { type: 'object', properties: { limits: LIMITS_SCHEMA } },
    limits: LIMITS_SCHEMA,
    idleMs: { type: 'integer', minimum: IDLE_MS.minimum, maximum: IDLE_MS.maximum },
  },
} as const;
