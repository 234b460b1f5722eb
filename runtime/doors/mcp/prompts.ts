import {
  type CompleteResult,
  type GetPromptResult,
  type ListPromptsResult,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { defined } from '../../vocabulary/defined.ts';
import type { McpDoor } from './door.ts';
import type { Complete, McpAsker, McpOffers, McpPrompt } from './offers.ts';

/** Suggestions of one answer, as the protocol has it. */
const MOST_SUGGESTED = 100;

/** Answers what clients ask of prompts, and what the arguments of prompts and of templates may be. */
export function servePrompts(
  server: Server,
  { prompts, resources }: McpOffers,
  { onFault }: Pick<McpDoor, 'onFault'>,
  askerOf: (context: ServerContext) => McpAsker,
): void {
  const find = (name: string): McpPrompt => {
    const found = prompts.find((prompt) => prompt.name === name);
    if (found === undefined) throw invalid(`Cannot find the prompt ${name.slice(0, 80)}: unknown`);
    return found;
  };
  server.setRequestHandler('prompts/list', (): ListPromptsResult => ({ prompts: prompts.map(shown) }));
  server.setRequestHandler('prompts/get', async ({ params }, context): Promise<GetPromptResult> => {
    const { name, description, arguments: known = [], get } = find(params.name);
    const args = params.arguments ?? {};
    const missing = known.find((one) => one.required === true && args[one.name] === undefined);
    if (missing !== undefined) throw invalid(`Cannot fill in the prompt ${name}: ${missing.name} is missing`);
    const stranger = Object.keys(args).find((key) => !known.some((one) => one.name === key));
    if (stranger !== undefined)
      throw invalid(`Cannot fill in the prompt ${name}: it has no argument ${stranger.slice(0, 80)}`);
    const filled = async (): Promise<GetPromptResult['messages']> => {
      const given = await get(args, askerOf(context));
      return typeof given === 'string'
        ? [{ role: 'user', content: { type: 'text', text: given } }]
        : [...given];
    };
    const messages = await guarded(filled, `fill in the prompt ${name}`, onFault);
    return { ...defined({ description }), messages };
  });
  server.setRequestHandler('completion/complete', async ({ params }, context): Promise<CompleteResult> => {
    const { ref, argument } = params;
    let complete: Complete | undefined;
    if (ref.type === 'ref/prompt')
      complete = find(ref.name).arguments?.find(({ name }) => name === argument.name)?.complete;
    else {
      const resource = resources.find(({ template }) => template === ref.uri);
      if (resource === undefined) throw invalid(`Cannot find the template ${ref.uri.slice(0, 200)}: unknown`);
      complete = Object.hasOwn(resource.complete ?? {}, argument.name)
        ? resource.complete?.[argument.name]
        : undefined;
    }
    const suggested = async (): Promise<string[]> => [
      ...((await complete?.(argument.value, askerOf(context))) ?? []),
    ];
    const all = await guarded(suggested, 'complete it', onFault);
    const values = all.slice(0, MOST_SUGGESTED);
    return { completion: { values, total: all.length, hasMore: all.length > values.length } };
  });
}

const shown = ({ name, title, description, arguments: args }: McpPrompt): Prompt => ({
  name,
  ...defined({ title, description }),
  ...defined({
    arguments: args?.map((one) => ({
      name: one.name,
      ...defined({ description: one.description, required: one.required }),
    })),
  }),
});

/** What the embedder's own code throws is its fault, and none of the client's business. */
export async function guarded<T>(
  work: () => T | Promise<T>,
  what: string,
  onFault: (error: unknown) => void,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    onFault(error);
    throw new ProtocolError(ProtocolErrorCode.InternalError, `Cannot ${what}: the server failed`);
  }
}

const invalid = (message: string): ProtocolError =>
  new ProtocolError(ProtocolErrorCode.InvalidParams, message);
