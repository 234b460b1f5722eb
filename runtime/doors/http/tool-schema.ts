import { LIMITS } from '../../vocabulary/limits.ts';
import { PRIORITIES } from '../../vocabulary/priority.ts';
import { LEVEL_SCHEMA, LIMITS_SCHEMA } from './run-schema.ts';

const fields = {
  args: { type: 'object' },
  grant: { type: 'object', properties: { limits: LIMITS_SCHEMA } },
  limits: LIMITS_SCHEMA,
  timeoutMs: { type: 'integer', minimum: LIMITS.timeoutMs.minimum, maximum: LIMITS.timeoutMs.maximum },
  level: LEVEL_SCHEMA,
  retries: { type: 'integer', minimum: 0, maximum: 10 },
  cache: { type: 'boolean' },
  coerce: { type: 'boolean' },
  confirm: { type: 'boolean' },
  observe: { type: 'boolean' },
  trace: { type: 'boolean' },
  priority: { enum: [...PRIORITIES] },
  sessionId: { type: 'string', minLength: 1, maxLength: 256 },
  metadata: { type: 'object' },
  text: { type: 'object' },
} as const;

/** JSON Schema of the body of `POST /v1/tools/NAME/call`. What args hold is checked by the tool's own. */
export const CALL_SCHEMA = {
  $id: 'call',
  type: 'object',
  additionalProperties: false,
  properties: fields,
} as const;

/** JSON Schema of the body of `POST /v1/calls`. */
export const CALLS_SCHEMA = {
  $id: 'calls',
  type: 'object',
  additionalProperties: false,
  required: ['calls'],
  properties: {
    calls: {
      type: 'array',
      minItems: 1,
      maxItems: 100,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['tool'],
        properties: { tool: { type: 'string', minLength: 1, maxLength: 200 }, ...fields },
      },
    },
  },
} as const;
