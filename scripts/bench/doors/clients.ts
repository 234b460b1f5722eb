import { Agent, request } from 'node:http';
import { buildAdder } from '../../../test/support/adder.ts';

/** Ports of the server. */
export interface Server {
  readonly door: number;
  readonly bare: number;
}

export type Door = 'bare' | 'http' | 'mcp';
/** What runs: `1+1`, or one function of a component. */
export type Guest = 'javascript' | 'component';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly session: string | undefined;
}

/** One request over a connection that stays: what a client costs is little, and the same for all doors. */
function post(
  port: number,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        agent,
        port,
        path,
        host: '127.0.0.1',
        method: 'POST',
        headers: {
          authorization: 'Bearer bench',
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'content-length': Buffer.byteLength(body),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => {
          const session = response.headers['mcp-session-id'];
          resolve({
            text,
            status: response.statusCode ?? 0,
            session: typeof session === 'string' ? session : undefined,
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const RUN = JSON.stringify({ language: 'js', code: '1+1' });

/** Uploads the component; answers the body of a run of it. */
async function uploadAdder(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/modules`, {
    method: 'POST',
    headers: { authorization: 'Bearer bench', 'content-type': 'application/wasm' },
    body: new Uint8Array(await buildAdder()),
  });
  const { hash } = (await answer.json()) as { readonly hash?: string }; // of our own door
  if (hash === undefined) throw new Error(`Cannot measure: the module was refused with ${answer.status}`);
  return JSON.stringify({ module: hash, invoke: 'add', args: [1, 1] });
}

/** A few runs, so that cells are there. */
export async function callOver({ door }: Server): Promise<void> {
  await Promise.all(Array.from({ length: 8 }, () => ask(door, '/v1/runs', RUN)));
}

async function ask(
  port: number,
  path: string,
  body: string,
  headers?: Record<string, string>,
): Promise<string> {
  const { status, text } = await post(port, path, body, headers);
  if (status !== 200 || !text.includes('2'))
    throw new Error(`Cannot measure: ${status} ${text.slice(0, 300)}`);
  return text;
}

/** What one turn of a client is. */
export async function openDoor(
  { door, bare }: Server,
  which: Door,
  guest: Guest,
): Promise<() => Promise<string>> {
  if (which !== 'mcp') {
    const port = which === 'bare' ? bare : door;
    const body = guest === 'javascript' ? RUN : await uploadAdder(door);
    return () => ask(port, '/v1/runs', body, { accept: 'application/json' });
  }
  const begin = await post(
    door,
    '/mcp',
    JSON.stringify({
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'bench', version: '1' },
      },
    }),
  );
  const { session } = begin;
  if (session === undefined)
    throw new Error(`Cannot measure: MCP began no session, ${begin.text.slice(0, 300)}`);
  const headers = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' };
  await post(door, '/mcp', JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), headers);
  let id = 1;
  return () => {
    id += 1;
    const params =
      guest === 'javascript' ? { name: 'sum', arguments: {} } : { name: 'add', arguments: { a: 1, b: 1 } };
    return ask(door, '/mcp', JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }), headers);
  };
}
