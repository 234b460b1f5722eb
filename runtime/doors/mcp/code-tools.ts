import type { CallToolResult, Tool } from '@modelcontextprotocol/server';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { HOW_TO_CODE } from '../ai/code-text.ts';
import { type McpDoor, type Speaker, usableTools } from './door.ts';

export const RUN_CODE = 'run_code';
export const SEARCH_TOOLS = 'search_tools';

/** Characters of signatures that the description of `run_code` has room for; beyond it tools are to be searched for. */
const MOST_SIGNATURES = 8_000;

/** Code mode: what a client is offered in place of the tools. */
export function codeTools(door: McpDoor, speaker: Speaker): Tool[] {
  const names = usableTools(door, speaker);
  return [
    {
      name: RUN_CODE,
      description:
        `${HOW_TO_CODE.typescript} With language "python" the program is Python, and tools take keyword ` +
        `arguments.\n\n${toolText(door, names)}`,
      inputSchema: {
        type: 'object',
        properties: {
          code: { type: 'string', description: 'The program' },
          language: { enum: ['typescript', 'javascript', 'python'], default: 'typescript' },
        },
        required: ['code'],
        additionalProperties: false,
      },
      execution: { taskSupport: 'optional' },
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: false,
        openWorldHint: true,
      },
    },
    {
      name: SEARCH_TOOLS,
      description: 'Finds tools by words, and answers the signatures with which a program calls them.',
      inputSchema: {
        type: 'object',
        properties: {
          query: { type: 'string', description: 'Words of what the tool is to do' },
          language: { enum: ['typescript', 'python'], default: 'typescript' },
          limit: { type: 'integer', minimum: 1, maximum: 50, default: 10 },
        },
        required: ['query'],
        additionalProperties: false,
      },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
  ];
}

function toolText({ tools }: McpDoor, names: readonly string[]): string {
  if (names.length === 0) return 'There are no tools.';
  const signatures = tools.signatures({ format: 'typescript', names, dangerous: true });
  if (signatures.length <= MOST_SIGNATURES) return signatures;
  return `Tools, whose signatures ${SEARCH_TOOLS} tells: ${names.join(', ')}`;
}

/** Answers `search_tools`. @throws {SandglassError} INPUT_INVALID */
export function searchTools(
  door: McpDoor,
  speaker: Speaker,
  { query, limit = 10, language = 'typescript' }: Readonly<Record<string, unknown>>,
): CallToolResult {
  if (typeof query !== 'string') throw invalid('query', 'expected a text');
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 1 || limit > 50)
    throw invalid('limit', 'expected a whole number from 1 to 50');
  if (language !== 'typescript' && language !== 'python')
    throw invalid('language', 'expected "typescript" or "python"');
  const usable = new Set(usableTools(door, speaker));
  const found = door.tools
    .search(query, { limit: 100, ...defined({ caller: speaker.caller }) })
    .filter(({ name }) => usable.has(name))
    .slice(0, limit);
  const names = found.map(({ name }) => name);
  const text =
    names.length === 0 ? 'No tool fits' : door.tools.signatures({ format: language, names, dangerous: true });
  return {
    content: [{ type: 'text', text }],
    structuredContent: { tools: found.map(({ name, description }) => ({ name, description })) },
  };
}

/** The program of `run_code`, and its language. @throws {SandglassError} INPUT_INVALID */
export function readProgram({
  code,
  language = 'typescript',
  ...others
}: Readonly<Record<string, unknown>>): {
  readonly code: string;
  readonly language: string;
} {
  if (typeof code !== 'string') throw invalid('code', 'expected the text of a program');
  if (language !== 'typescript' && language !== 'javascript' && language !== 'python')
    throw invalid('language', 'expected "typescript", "javascript" or "python"');
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalid(unknown.slice(0, 80), 'unknown argument, known are code, language');
  return { code, language };
}

const invalid = (name: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot read the arguments: ${name}: ${reason}`, {
    details: { path: name },
  });
