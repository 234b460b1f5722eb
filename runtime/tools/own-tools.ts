import type { ArtifactPage } from '../contracts/api/artifacts.ts';
import type { ToolHandler } from '../contracts/api/tool-handler.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import type { ToolManifest } from '../vocabulary/manifest.ts';
import type { ArtifactStore } from './result/artifacts.ts';

/** What a tool of the runtime itself does: it holds nothing of the runtime that it was registered with, as a registry may serve several. */
export type OwnTool = (
  args: JsonObject,
  call: { readonly owner: string; readonly artifacts: ArtifactStore },
) => unknown;

/** Marks one. Nobody outside has it, so nobody else makes any. */
export const OWN: unique symbol = Symbol('own');

export const ownHandler = (run: OwnTool): ToolHandler => ({ [OWN]: run }) as unknown as ToolHandler; // the registrar knows the mark

const READ_ARTIFACT: ToolManifest = {
  name: 'read_artifact',
  description: 'Reads a page of a whole result of which an earlier call gave a part, by its artifact id',
  version: '1.0.0',
  category: 'results',
  keywords: ['page', 'rest', 'truncated', 'more'],
  input: {
    type: 'object',
    properties: {
      id: {
        type: 'string',
        description: 'What the outcome calls its artifact',
        minLength: 1,
        maxLength: 100,
      },
      offset: { type: 'integer', description: 'Characters from the start', minimum: 0, default: 0 },
      length: {
        type: 'integer',
        description: 'Most characters',
        minimum: 1,
        maximum: 40_000,
        default: 20_000,
      },
    },
    required: ['id'],
    additionalProperties: false,
  },
  idempotent: true,
  examples: [
    {
      description: 'The second page of a long result',
      input: { id: 'artifact-ea8e2dbc-39ac-4bbd-93c5-a2a8cc36a0a4', offset: 20_000 },
    },
  ],
};

/** Only what was made for the same caller, in the same conversation: any other id answers as one that there is not. */
const readArtifact: OwnTool = (args, { owner, artifacts }) => {
  const { id, ...page } = args as unknown as ArtifactPage & { readonly id: string }; // as its schema says
  const found = artifacts.readOf(owner, id, page);
  if (found === undefined)
    throw new SandglassError('HOST_CALL_FAILED', `Cannot read ${id}: there is no such artifact, or no more`, {
      details: { reason: 'not-found' },
      hint: 'Call the tool again that made it',
      retryable: false,
    });
  const end = found.offset + found.text.length;
  return { ...found, more: end < found.total, ...(end < found.total ? { next: end } : {}) };
};

/** What the runtime itself brings beside the guests that ship. */
export const OWN_TOOLS: readonly { readonly manifest: ToolManifest; readonly run: OwnTool }[] = [
  { manifest: READ_ARTIFACT, run: readArtifact },
];
