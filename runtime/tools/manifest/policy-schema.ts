import { KV_ACCESS, KV_WHEN_FULL } from '../../vocabulary/grants/kv.ts';
import { RUN_ACCESS, SHARED_PARTS } from '../../vocabulary/grants/run.ts';
import { SESSION_ACCESS } from '../../vocabulary/grants/session.ts';
import { LEVELS } from '../../vocabulary/levels.ts';
import { LIMITS } from '../../vocabulary/limits.ts';
import { TEXT_FORMATS } from '../../vocabulary/manifest.ts';

const closed = (properties: Readonly<Record<string, unknown>>, more: object = {}) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more,
});
const texts = (description: string) => ({
  type: 'array',
  maxItems: 1_000,
  items: { type: 'string', minLength: 1, maxLength: 256 },
  description,
});
const listOf = (items: object) => ({ type: 'array', items });
const byName = (of: object, description: string) => ({
  type: 'object',
  maxProperties: 1_000,
  additionalProperties: of,
  description,
});
const text = { type: 'string', minLength: 1 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const level = { enum: [...LEVELS] };

const limits = closed(
  Object.fromEntries(
    Object.entries(LIMITS).map(([name, { minimum, maximum, unit }]) => [
      name,
      { type: unit === 'share' ? 'number' : 'integer', minimum, maximum },
    ]),
  ),
);
const rate = closed(
  {
    calls: { type: 'integer', minimum: 1, maximum: 100_000 },
    perMs: { type: 'integer', minimum: 1, maximum: 86_400_000 },
  },
  { required: ['calls', 'perMs'] },
);
const caps = { maxCalls: count, maxBytes: count };
/** Of stores of values by key. */
const storeCaps = {
  maxEntries: { type: 'integer', minimum: 1, maximum: 10_000 },
  maxBytes: { type: 'integer', minimum: 1, maximum: 1_073_741_824 },
  maxValueBytes: { type: 'integer', minimum: 1, maximum: 1_073_741_824 },
  ttlMs: { type: 'integer', minimum: 1, maximum: 31_536_000_000 },
  maxCalls: count,
};
const grant = closed({
  fs: listOf(
    closed(
      {
        host: text,
        guest: { type: 'string', pattern: '^/' },
        access: listOf({ enum: ['read', 'write', 'delete'] }),
        delete: { type: 'boolean' },
        extensions: listOf(text),
        deny: listOf(text),
        maxFileBytes: count,
        maxOpenFiles: count,
        ...caps,
        maxReadBytes: count,
        maxWriteBytes: count,
      },
      { required: ['host'] },
    ),
  ),
  http: listOf(
    closed(
      {
        origin: text,
        methods: listOf(text),
        base: text,
        paths: listOf(text),
        secret: text,
        traceparent: { type: 'boolean' },
        maxRequestBytes: count,
        maxResponseBytes: count,
        ...caps,
      },
      { required: ['origin'] },
    ),
  ),
  ws: listOf(
    closed(
      { origin: text, paths: listOf(text), secret: text, maxMessageBytes: count, ...caps },
      { required: ['origin'] },
    ),
  ),
  browser: closed(
    {
      origins: listOf(text),
      actions: listOf({ enum: ['navigate', 'extract', 'interact', 'screenshot'] }),
      maxPages: { type: 'integer', minimum: 1, maximum: 32 },
      timeoutMs: { type: 'integer', minimum: 1, maximum: 300_000 },
      ...caps,
      maxDownloadBytes: { type: 'integer', minimum: 0, maximum: 67_108_864 },
    },
    { required: ['origins'] },
  ),
  sql: listOf(
    closed(
      {
        name: text,
        access: listOf({ enum: ['read', 'write'] }),
        maxRows: { type: 'integer', minimum: 1, maximum: 1_000_000 },
        timeoutMs: { type: 'integer', minimum: 1, maximum: 600_000 },
        ...caps,
      },
      { required: ['name'] },
    ),
  ),
  kv: listOf(
    closed(
      {
        name: text,
        access: listOf({ enum: [...KV_ACCESS] }),
        ...storeCaps,
        whenFull: { enum: [...KV_WHEN_FULL] },
      },
      { required: ['name'] },
    ),
  ),
  session: closed({ access: listOf({ enum: [...SESSION_ACCESS] }), ...storeCaps }),
  tools: listOf(text),
  run: closed({
    access: listOf({ enum: [...RUN_ACCESS] }),
    languages: listOf(text),
    depth: { type: 'integer', minimum: 1, maximum: 8 },
    share: listOf({ enum: [...SHARED_PARTS] }),
  }),
  env: { type: 'object', additionalProperties: { type: 'string' } },
  limits,
  custom: { type: 'object' },
});
const profile = closed({
  limits,
  capabilities: texts('At most these'),
  level,
  formats: listOf({ enum: [...TEXT_FORMATS] }),
  writable: listOf({ type: 'string', pattern: '^/' }),
});

/** JSON Schema of a policy document, as `sandglass/policy.schema.json` publishes it for editors. `readPolicy` says the same, and more. */
export const POLICY_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sandglass.dev/policy.schema.json',
  title: 'Policy of a Sandglass runtime',
  ...closed(
    {
      $schema: { type: 'string', description: 'For editors; nothing reads it' },
      version: { const: 1 },
      level: { ...level, description: 'Least level of every run' },
      limits: { ...limits, description: 'Ceilings of every run' },
      grant: { ...grant, description: 'What every run may be granted at most; absent: nothing' },
      categories: byName(
        closed({ grant, limits, profile: text }),
        'By category of a tool: what its tools may have beyond the base',
      ),
      profiles: { anyOf: [{ const: true }, byName(profile, 'Those that ship, changed and added to')] },
      tools: closed({
        allow: texts('Only these are callable'),
        deny: texts('These are not; wins'),
        safeOnly: { type: 'boolean' },
        each: byName(
          closed({
            limits,
            rate,
            capabilities: texts('At most these'),
            profile: text,
            confirm: { const: true },
          }),
          'By name or pattern; all that match hold',
        ),
      }),
      callers: byName(
        closed({ limits, rate, permissions: texts('At most these'), tools: texts('At most these') }),
        'By id; "*": every caller. All that apply hold',
      ),
    },
    { required: ['version'] },
  ),
} as const;
