import {
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  type ResourceLink,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import { toBase64 } from '../../vocabulary/base64.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { KeptArtifact } from '../../work/artifact-book.ts';
import type { McpDoor, Speaker } from './door.ts';
import { guarded } from './prompts.ts';

/** As much as an artifact gives at once, in characters. */
const MOST_AT_ONCE = 1_000_000;
const BASE = 'sandglass://artifacts/';

/** Whole results of which a model was given a part. */
const TEMPLATE = {
  uriTemplate: `${BASE}{id}{?offset,length}`,
  name: 'artifact',
  description:
    'The whole result of a call whose text was shortened, in pages: offset and length in characters, 20,000 of them unless length says otherwise',
} as const;

export const artifactLink = ({ id, tool }: KeptArtifact): ResourceLink => ({
  type: 'resource_link',
  uri: `${BASE}${id}`,
  name: id,
  description: `The whole result of ${tool}`,
});

/** Those of the embedder, then the artifacts of the caller. */
export const listResources = ({ artifacts, offers }: McpDoor, { caller }: Speaker): ListResourcesResult => ({
  resources: [
    ...(offers?.resources ?? []).flatMap(({ uri, name, title, description, mime: mimeType }) =>
      uri === undefined ? [] : [{ uri, name, ...defined({ title, description, mimeType }) }],
    ),
    ...artifacts.list(caller?.id).map((kept) => {
      const { uri, name, description } = artifactLink(kept);
      return { uri, name, ...defined({ description }) };
    }),
  ],
});

export const listTemplates = ({ offers }: McpDoor): ListResourceTemplatesResult => ({
  resourceTemplates: [
    TEMPLATE,
    ...(offers?.resources ?? []).flatMap(({ template, name, title, description, mime: mimeType }) =>
      template === undefined
        ? []
        : [{ uriTemplate: template, name, ...defined({ title, description, mimeType }) }],
    ),
  ],
});

/** Characters of a URI that is looked for. */
const MOST_URI = 2_000;

/** @throws {ProtocolError} for what is not there, or is another's. */
export async function readResource(
  door: McpDoor,
  uri: string,
  { caller }: Speaker,
): Promise<ReadResourceResult> {
  if (uri.length > MOST_URI) throw new ResourceNotFoundError(uri.slice(0, 500));
  for (const resource of door.offers?.resources ?? []) {
    const variables = resource.uri === uri ? {} : resource.pattern?.match(uri);
    if (variables === undefined) continue;
    const what = `read the resource ${resource.name}`;
    const given = await guarded(() => resource.read(variables, { caller }), what, door.onFault);
    if (given === undefined) break;
    const content =
      typeof given === 'string'
        ? { mimeType: resource.mime ?? 'text/plain', text: given }
        : { mimeType: resource.mime ?? 'application/octet-stream', blob: toBase64(given) };
    return { contents: [{ uri, ...content }] };
  }
  return readArtifact(door, uri, caller?.id);
}

/** @throws {ProtocolError} for what is not there, or is another's. */
function readArtifact({ artifacts }: McpDoor, uri: string, caller: string | undefined): ReadResourceResult {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  const id = url?.href.startsWith(BASE) === true ? url.pathname.slice(1) : '';
  try {
    const page = { ...numberOf(url, 'offset'), ...numberOf(url, 'length') };
    let part = artifacts.read(id, caller, page);
    // Nobody reads half of a picture.
    if (part?.encoding !== undefined && page.length === undefined)
      part = artifacts.read(id, caller, { ...page, length: MOST_AT_ONCE });
    if (part === undefined) throw new ResourceNotFoundError(uri.slice(0, 500));
    const about = { uri, mimeType: part.mime, _meta: { offset: part.offset, total: part.total } };
    return {
      contents: [part.encoding === 'base64' ? { ...about, blob: part.text } : { ...about, text: part.text }],
    };
  } catch (error) {
    if (error instanceof RangeError) throw new ProtocolError(ProtocolErrorCode.InvalidParams, error.message);
    throw error;
  }
}

function numberOf<Name extends 'offset' | 'length'>(
  url: URL | undefined,
  name: Name,
): { readonly [name in Name]?: number } {
  const text = url?.searchParams.get(name);
  return text === null || text === undefined
    ? {}
    : ({ [name]: /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN } as { [name in Name]?: number }); // a computed key has no type of its own
}
