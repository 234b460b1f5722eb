import { LIMITS } from '../../vocabulary/limits.ts';

const text = (maxLength: number, description: string) =>
  ({ type: 'string', minLength: 1, maxLength, description }) as const;
const flag = (description: string) => ({ type: 'boolean', description }) as const;
const words = (maxItems: number, description: string) =>
  ({
    type: 'array',
    maxItems,
    items: { type: 'string', minLength: 1, maxLength: 128 },
    description,
  }) as const;

const NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

const limits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { minimum, maximum, unit }]) => [
    name,
    { type: unit === 'share' ? 'number' : 'integer', minimum, maximum },
  ]),
);

/** JSON Schema of a tool's manifest, as `sandglass/manifest.schema.json` publishes it. What a schema in it says is checked by itself. */
export const MANIFEST_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://sandglass.dev/manifest.schema.json',
  title: 'Manifest of a Sandglass tool',
  type: 'object',
  additionalProperties: false,
  required: ['name', 'description'],
  properties: {
    $schema: { type: 'string', description: 'For editors; nothing reads it' },
    name: { type: 'string', pattern: NAME, description: 'What a call says; letters, digits, ".", "_", "-"' },
    description: text(4_096, 'What it does and when to use it, for people and models'),
    version: {
      type: 'string',
      pattern: '^[0-9]{1,9}\\.[0-9]{1,9}\\.[0-9]{1,9}(-[0-9A-Za-z.-]{1,64})?$',
      description: 'Semantic version',
    },
    aliases: {
      type: 'array',
      maxItems: 20,
      uniqueItems: true,
      items: { type: 'string', pattern: NAME },
      description: 'Other names that a call may use',
    },
    category: text(64, 'What kind of work it does, e.g. "data"'),
    tags: words(50, 'Describe, and grant nothing'),
    keywords: words(50, 'Words by which it is found'),
    input: {
      type: 'object',
      description: 'JSON Schema of its arguments, or a short map: name → schema of one',
    },
    output: { type: 'object', description: 'JSON Schema of what it answers; enforced' },
    examples: {
      type: 'array',
      maxItems: 50,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['input'],
        properties: { description: text(1_024, 'What it shows'), input: { type: 'object' }, output: {} },
      },
    },
    capabilities: {
      type: 'array',
      maxItems: 100,
      description: 'All that it may touch, where policy and caller allow it too',
      items: {
        anyOf: [
          { type: 'string', minLength: 1, maxLength: 128 },
          {
            type: 'object',
            additionalProperties: false,
            required: ['name'],
            properties: {
              name: { type: 'string', minLength: 1, maxLength: 128 },
              paths: {
                type: 'array',
                maxItems: 100,
                items: { type: 'string', pattern: '^/', maxLength: 1_024 },
                description: 'Guest folders',
              },
              origins: { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 1_024 } },
              methods: { type: 'array', maxItems: 20, items: { type: 'string', pattern: '^[A-Z]{1,20}$' } },
            },
          },
        ],
      },
    },
    limits: { type: 'object', additionalProperties: false, properties: limits },
    dangerous: flag('Asks for confirmation before each call'),
    cacheable: flag('Equal calls may be answered from memory'),
    idempotent: flag('A call may be repeated after a failure'),
    requiresAuth: flag('Refused without a caller'),
    settings: {
      type: 'object',
      maxProperties: 20,
      propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 128 },
      additionalProperties: { type: 'string', minLength: 1, maxLength: 1_024 },
      description: 'Variables of the granted environment that it cannot do without, and what is in them',
    },
    pipe: text(
      128,
      'Field of the input that a text alone fills, where a call passes one in place of arguments',
    ),
    text: {
      type: 'object',
      additionalProperties: false,
      description: 'How a result becomes what a model reads',
      properties: {
        maxChars: { type: 'integer', minimum: 100, maximum: 1_000_000 },
        shorten: { enum: ['end', 'middle', 'smart'] },
        format: { enum: ['text', 'json', 'mermaid', 'html', 'svg'] },
      },
    },
    source: flag('Brings in data that cannot be trusted'),
    sink: flag('Sends data away'),
    entry: text(255, 'File of its folder that is the tool'),
    packages: words(50, 'Packages of Python that a script needs'),
  },
} as const;
