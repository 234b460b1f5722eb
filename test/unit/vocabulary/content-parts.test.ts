import { expect, test } from 'vitest';
import { contentPartsOf, textOfParts } from '../../../runtime/vocabulary/content-parts.ts';

const image = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
const link = { type: 'resource_link', uri: 'a://b', name: 'b' };

test('of each part only what is known of its kind is taken', () => {
  const parts = contentPartsOf({
    content: [
      { type: 'text', text: 'a', annotations: { audience: ['user'] } },
      { ...image, _meta: { a: 1 } },
      { type: 'resource', resource: { uri: 'a://b', blob: 'AAAA', other: 1 } },
      { ...link, icons: [] },
    ],
  });
  expect(parts).toEqual([
    { type: 'text', text: 'a' },
    image,
    { type: 'resource', resource: { uri: 'a://b', blob: 'AAAA' } },
    link,
  ]);
  expect(textOfParts(parts ?? [])).toBe('a\n[image: image/png]\n[resource: a://b]\n[b: a://b]');
});

test.each<[string, unknown]>([
  ['a text', 'content'],
  ['nothing', null],
  ['more beside it', { content: [image], other: 1 }],
  ['no part', { content: [] }],
  ['too many', { content: Array(101).fill(image) }],
  ['one that is none', { content: [image, 1] }],
  ['an unknown kind', { content: [{ type: 'video', data: 'AAAA', mimeType: 'video/mp4' }] }],
  ['bytes that are none', { content: [{ ...image, data: 'A<' }] }],
  ['a resource without content', { content: [{ type: 'resource', resource: { uri: 'a://b' } }] }],
])('%s is a value as any other', (_what, value) => {
  expect(contentPartsOf(value)).toBeUndefined();
});

test('the keys of a large value are not listed for it', () => {
  let listed = 0;
  const counts = (target: object) =>
    new Proxy(target, {
      ownKeys: (own) => {
        listed += 1;
        return Reflect.ownKeys(own);
      },
    });
  expect(contentPartsOf(counts(new Uint8Array(8)))).toBeUndefined();
  expect(contentPartsOf(counts({ a: 1 }))).toBeUndefined();
  expect(listed).toBe(0);
});
