import { inner } from '../inner.ts';
import { bufferOf } from './buffer.ts';

type Source = AsyncIterable<unknown>;

const bytes = async (source: Source): Promise<Uint8Array<ArrayBuffer>> => {
  const blob = new Blob((await collect(source)) as BlobPart[]);
  return new Uint8Array(await blob.arrayBuffer());
};
const collect = async (source: Source): Promise<unknown[]> => {
  const parts: unknown[] = [];
  for await (const part of source) parts.push(part);
  return parts;
};
const text = async (source: Source): Promise<string> => inner.decodeUtf8(await bytes(source));

export const consumers = {
  arrayBuffer: async (source: Source) => (await bytes(source)).buffer,
  blob: async (source: Source) => new Blob((await collect(source)) as BlobPart[]),
  buffer: async (source: Source) => bufferOf(await bytes(source)),
  bytes,
  json: async (source: Source): Promise<unknown> => JSON.parse(await text(source)),
  text,
};
