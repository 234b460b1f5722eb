import type {
  ForModelOptions,
  ModelFormat,
  ModelTool,
  ObjectSchema,
} from '../../contracts/api/tool-select.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Tool } from '../tool.ts';
import { withKnownFormats } from './known-formats.ts';
import { modelName } from './model-name.ts';

/** One tool in the form of one API. */
export function modelToolOf<F extends ModelFormat>(tool: Tool, options: ForModelOptions<F>): ModelTool[F] {
  const forms: { readonly [K in ModelFormat]: () => ModelTool[K] } = {
    openai: () => openai(tool),
    anthropic: () => anthropic(tool, options),
    mcp: () => mcp(tool),
  };
  return forms[options.format]();
}

const openai = ({ manifest }: Tool): ModelTool['openai'] => ({
  type: 'function',
  function: {
    name: modelName(manifest.name),
    description: withExamples(manifest.description, manifest.examples),
    parameters: objectSchema(manifest),
  },
});

const anthropic = (
  { manifest }: Tool,
  { allowedCallers, deferLoading }: ForModelOptions,
): ModelTool['anthropic'] => ({
  name: modelName(manifest.name),
  description: manifest.description,
  input_schema: objectSchema(manifest),
  ...defined({
    input_examples: manifest.examples.length === 0 ? undefined : manifest.examples.map(({ input }) => input),
    allowed_callers: allowedCallers,
    defer_loading: deferLoading,
  }),
});

function mcp({ manifest, body }: Tool): ModelTool['mcp'] {
  const { capabilities, output } = manifest;
  const changes = capabilities.some((name) => /\.(?:write|delete|interact)$/.test(name));
  // What a function of the host reaches is not known; what may be answered from memory changes nothing.
  const isUnknown = body.kind === 'trusted' && capabilities.length === 0 && !manifest.cacheable;
  return {
    name: manifest.name,
    description: withExamples(manifest.description, manifest.examples),
    inputSchema: objectSchema(manifest),
    // Structured content is an object there.
    ...(output?.type === 'object' ? { outputSchema: withKnownFormats(output) } : {}),
    annotations: {
      readOnlyHint: !changes && !isUnknown && !manifest.dangerous,
      destructiveHint: manifest.dangerous || capabilities.includes('fs.delete'),
      idempotentHint: manifest.idempotent,
      openWorldHint: capabilities.some(
        (name) => name === 'http' || name === 'ws' || name.startsWith('browser.'),
      ),
    },
  };
}

/** A schema may leave unsaid that it is of an object, which arguments are. */
const objectSchema = ({ input }: Tool['manifest']): ObjectSchema => ({
  ...withKnownFormats(input),
  type: 'object',
});

/** Where a form has no place for examples, the description tells them. */
function withExamples(description: string, examples: Tool['manifest']['examples']): string {
  if (examples.length === 0) return description;
  const shown = examples.slice(0, 3).map((example) => {
    const what = example.description === undefined ? '' : `${example.description}: `;
    return `- ${what}${JSON.stringify(example.input)}`;
  });
  return `${description}\n\nExamples:\n${shown.join('\n')}`;
}
