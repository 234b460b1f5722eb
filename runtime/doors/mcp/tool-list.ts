import type { Tool } from '@modelcontextprotocol/server';
import type { ToolInfo } from '../../contracts/api/tool-registry.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { codeTools } from './code-tools.ts';
import { type McpDoor, type Speaker, usableTools } from './door.ts';

/** Tools of one page. */
const PAGE = 200;

/** A page of the tools that a caller may use. @throws {SandglassError} INPUT_INVALID for a cursor that no page gave. */
export function listTools(
  door: McpDoor,
  speaker: Speaker,
  cursor: string | undefined,
): { readonly tools: Tool[]; readonly nextCursor?: string } {
  if (door.code !== undefined) return { tools: codeTools(door, speaker) };
  const names = usableTools(door, speaker);
  const start = cursor === undefined ? 0 : names.indexOf(readCursor(cursor)) + 1;
  if (cursor !== undefined && start === 0) throw badCursor();
  const page = names.slice(start, start + PAGE);
  const last = page.at(-1);
  const tools = page.length === 0 ? [] : describe(door, page);
  return start + PAGE < names.length && last !== undefined
    ? { tools, nextCursor: btoa(last) } // names of tools are ASCII
    : { tools };
}

function describe({ tools }: McpDoor, names: readonly string[]): Tool[] {
  return tools.forModel({ format: 'mcp', names, dangerous: true }).map((tool) => {
    const info = tools.info(tool.name);
    return {
      name: tool.name,
      description: tool.description,
      // Manifests have schemas of objects only.
      inputSchema: tool.inputSchema as Tool['inputSchema'],
      ...(info === undefined || info.output === null
        ? {}
        : { outputSchema: outcomeSchema(info.output) as Tool['outputSchema'] }),
      // Clients of 2025-11-25 may ask for any call as a task; later ones are given one when it takes long.
      execution: { taskSupport: 'optional' },
      annotations: { ...tool.annotations },
      ...(info === undefined ? {} : { _meta: metaOf(info) }),
    };
  });
}

/** Structured content is the outcome; what the tool answers is its value. */
function outcomeSchema(output: JsonObject): JsonObject {
  // References start at the root of a schema: within another they would lead elsewhere.
  const refers = JSON.stringify(output).includes('"$ref"');
  return {
    type: 'object',
    properties: { ok: { type: 'boolean' }, value: refers ? {} : output, text: { type: 'string' } },
    required: ['ok'],
  };
}

const metaOf = ({ version, capabilities, kind }: ToolInfo): Record<string, unknown> => ({
  'sandglass/version': version,
  'sandglass/kind': kind,
  'sandglass/capabilities': [...capabilities],
});

function readCursor(cursor: string): string {
  try {
    return atob(cursor);
  } catch {
    throw badCursor(); // atob tells no more than that
  }
}

const badCursor = (): SandglassError =>
  new SandglassError('INPUT_INVALID', 'Cannot list tools: the cursor is not one that a page gave', {
    hint: 'Begin again without a cursor',
  });
