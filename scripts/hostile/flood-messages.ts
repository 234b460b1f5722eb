/** How a server of MCP floods: by messages without end, by answers of very many parts, by values of very many lists. */
export type FloodMode = 'messages' | 'parts' | 'lists';

export const isMode = (text: string): text is FloodMode => ['messages', 'parts', 'lists'].includes(text);

const PART = '{"type":"text","text":""}';
const RESULTS: Readonly<Record<FloodMode, string>> = {
  messages: `{"content":[${PART}]}`,
  parts: `{"content":[${Array(60_000).fill(PART).join(',')}]}`,
  lists: `{"content":[],"structuredContent":{"a":[${Array(150_000).fill('[]').join(',')}]}}`,
};

/** The text of the answer; `undefined` where none is asked for. */
export function answerTo(
  { id, method }: { readonly id?: number; readonly method?: string },
  mode: FloodMode,
): string | undefined {
  const result = (text: string): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${text}}`;
  switch (method) {
    case 'initialize':
      return result(
        JSON.stringify({
          protocolVersion: '2025-11-25',
          capabilities: { tools: {} },
          serverInfo: { name: 'flood', version: '1.0.0' },
        }),
      );
    case 'tools/list':
      return result(
        JSON.stringify({
          tools: [
            {
              name: 'add',
              description: 'Adds',
              inputSchema: { type: 'object' },
              annotations: { readOnlyHint: true },
            },
          ],
        }),
      );
    case 'tools/call':
      return result(RESULTS[mode]);
    default:
      return id === undefined
        ? undefined
        : `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":{"code":-32601,"message":"no such method"}}`;
  }
}
