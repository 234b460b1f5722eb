import { isBase64 } from './base64.ts';

/** What a tool answers in several parts, as MCP has them: `{ content: [{ type: 'text', text }, { type: 'image', data, mimeType }] }`. */
export type ContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | { readonly type: 'resource'; readonly resource: EmbeddedResource }
  | { readonly type: 'resource_link'; readonly uri: string; readonly name: string };

export type EmbeddedResource = { readonly uri: string; readonly mimeType?: string } & (
  | { readonly text: string }
  | { readonly blob: string }
);

const MOST_PARTS = 100;

/** The parts of a value that is nothing else: of each only what is known of its kind. `undefined` for every other value. */
export function contentPartsOf(value: unknown): readonly ContentPart[] | undefined {
  // The keys of bytes, or of a large object, are never listed for it: there is one for each.
  if (!isRecord(value) || !Object.hasOwn(value, 'content')) return undefined;
  for (const key in value) if (key !== 'content') return undefined;
  const { content } = value;
  if (!Array.isArray(content) || content.length === 0 || content.length > MOST_PARTS) return undefined;
  const parts = content.map(partOf);
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

/** What a model reads of them: texts as they are, of anything else what it is. */
export const textOfParts = (parts: readonly ContentPart[]): string => parts.map(textOfPart).join('\n');

function textOfPart(part: ContentPart): string {
  if (part.type === 'text') return part.text;
  if (part.type === 'resource_link') return `[${part.name}: ${part.uri}]`;
  if (part.type !== 'resource') return `[${part.type}: ${part.mimeType}]`;
  const { resource } = part;
  return 'text' in resource ? resource.text : `[resource: ${resource.uri}]`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function partOf(given: unknown): ContentPart | undefined {
  if (!isRecord(given)) return undefined;
  const { type, text, data, mimeType, uri, name, resource } = given;
  if (type === 'text' && typeof text === 'string') return { type, text };
  if (
    (type === 'image' || type === 'audio') &&
    typeof data === 'string' &&
    isBase64(data) &&
    typeof mimeType === 'string'
  )
    return { type, data, mimeType };
  if (type === 'resource_link' && typeof uri === 'string' && typeof name === 'string')
    return { type, uri, name };
  const embedded = type === 'resource' ? resourceOf(resource) : undefined;
  return embedded === undefined ? undefined : { type: 'resource', resource: embedded };
}

function resourceOf(given: unknown): EmbeddedResource | undefined {
  if (!isRecord(given)) return undefined;
  const { uri, mimeType, text, blob } = given;
  if (typeof uri !== 'string' || (mimeType !== undefined && typeof mimeType !== 'string')) return undefined;
  const about = mimeType === undefined ? { uri } : { uri, mimeType };
  if (typeof text === 'string') return { ...about, text };
  return typeof blob === 'string' && isBase64(blob) ? { ...about, blob } : undefined;
}
