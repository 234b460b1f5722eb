import { copyJson } from '../../vocabulary/copy-json.ts';
import { compileStarGlob } from '../../vocabulary/glob.ts';
import { isJsonObject, type JsonObject } from '../../vocabulary/json.ts';
import type { ToolManifest } from '../../vocabulary/manifest.ts';
import { cleanSchema } from './clean-schema.ts';
import type { ServerSettings } from './read-server.ts';
import type { HostTool } from './tool-host.ts';

const MOST_DESCRIPTION = 4_096;
const MOST_NAME = 64;

/** The name of a tool here: what its server calls it, in letters that a name may have. */
export const nameHere = ({ prefix }: ServerSettings, tool: string): string =>
  `${prefix}${tool.replace(/[^A-Za-z0-9._-]/g, '_')}`.slice(0, MOST_NAME);

/** What a server says of a tool, as a manifest: it asks for nothing, as nothing of it runs here. @throws {TypeError | RangeError} */
export function manifestOf(settings: ServerSettings, tool: HostTool): ToolManifest {
  const { name, dangerous } = settings;
  const { description } = tool;
  const asks = dangerous.some((pattern) => compileStarGlob(pattern)(tool.name));
  return {
    name: nameHere(settings, tool.name),
    description: description === '' ? `The tool ${tool.name.slice(0, 200)} of ${name}` : bounded(description),
    tags: ['remote', `server:${name}`],
    input: { type: 'object', ...schemaOf(tool.input) },
    ...(tool.output === undefined ? {} : { output: schemaOf(tool.output) }),
    ...(asks || tool.destructive === true ? { dangerous: true } : {}),
    ...(tool.idempotent === true ? { idempotent: true } : {}),
  };
}

/** As it is, and no more of it than a manifest may have. */
const bounded = (text: string): string =>
  text.length <= MOST_DESCRIPTION ? text : `${text.slice(0, MOST_DESCRIPTION - 1)}…`;

function schemaOf(given: JsonObject): JsonObject {
  const copied = copyJson(given, 'its schema', { maxDepth: 100, maxBytes: 1_048_576 });
  return isJsonObject(copied) ? cleanSchema(copied) : {};
}
