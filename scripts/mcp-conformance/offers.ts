import type { McpPrompt, McpResource } from '../../runtime/doors/http/index.ts';

/** One red dot, PNG. */
export const DOT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** No sound, WAV. */
const SILENCE = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

const image = { type: 'image', data: DOT, mimeType: 'image/png' } as const;
const text = (of: string) => ({ type: 'text', text: of }) as const;

/** What the tools that the suite names answer, as their programs do. */
export const ANSWERS: Readonly<Record<string, object>> = {
  test_image_content: { mime: 'image/png', base64: DOT },
  test_audio_content: { mime: 'audio/wav', base64: SILENCE },
  test_embedded_resource: {
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  },
  test_multiple_content_types: {
    content: [
      text('Multiple content types test:'),
      image,
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: '{"test":"data","value":123}',
        },
      },
    ],
  },
};

const user = <T>(content: T) => ({ role: 'user', content }) as const;

export const PROMPTS: readonly McpPrompt[] = [
  {
    name: 'test_simple_prompt',
    description: 'Says one thing',
    get: () => 'This is a simple prompt for testing.',
  },
  {
    name: 'test_prompt_with_arguments',
    description: 'Says two things',
    arguments: [
      {
        name: 'arg1',
        required: true,
        complete: (typed) => ['paris', 'park', 'party'].filter((word) => word.startsWith(typed)),
      },
      { name: 'arg2', required: true },
    ],
    get: ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
  },
  {
    name: 'test_prompt_with_embedded_resource',
    description: 'Shows a resource',
    arguments: [{ name: 'resourceUri', required: true }],
    get: ({ resourceUri = '' }) => [
      user({
        type: 'resource',
        resource: {
          uri: resourceUri,
          mimeType: 'text/plain',
          text: 'Embedded resource content for testing.',
        },
      }),
      user(text('Please process the embedded resource above.')),
    ],
  },
  {
    name: 'test_prompt_with_image',
    description: 'Shows a picture',
    get: () => [user(image), user(text('Please analyze the image above.'))],
  },
];

export const RESOURCES: readonly McpResource[] = [
  {
    name: 'static text',
    uri: 'test://static-text',
    read: () => 'This is the content of the static text resource.',
  },
  {
    name: 'static binary',
    uri: 'test://static-binary',
    mime: 'image/png',
    read: () => Buffer.from(DOT, 'base64'),
  },
  {
    name: 'watched',
    uri: 'test://watched-resource',
    read: () => 'It changes every second.',
    watch: (changed) => void setInterval(changed, 1_000).unref(),
  },
  {
    name: 'template',
    template: 'test://template/{id}/data',
    mime: 'application/json',
    read: ({ id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  },
];
