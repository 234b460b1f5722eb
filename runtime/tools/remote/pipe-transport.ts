import { type JSONRPCMessage, parseJSONRPCMessage, type Transport } from '@modelcontextprotocol/client';
import type { ServerProcess } from '../../contracts/server-powers.ts';
import { others } from '../../vocabulary/in-slices.ts';
import { fitsJson } from '../../vocabulary/json-weight.ts';
import { readLines } from '../../vocabulary/read-lines.ts';
import { MIB } from '../../vocabulary/units.ts';

/** Lines of a server that are no messages: over this many in a row it does not speak the protocol. */
const MOST_NOISE = 100;
/** Messages that are read in one turn, however many a server sends. */
const LINES_AT_ONCE = 20;
/** What one message may become, once it is parsed. */
const BOUNDS = { depth: 8_000, weight: 8 * MIB };

/** JSON-RPC over the pipes of a server, a message a line. A message over the bound ends the connection. */
export function createPipeTransport(
  { output, write, close }: ServerProcess,
  maxBytes: number,
  onEnd: (reason: string) => void,
): Transport {
  let closed = false;
  const end = async (reason: string): Promise<void> => {
    if (closed) return;
    closed = true;
    onEnd(reason);
    transport.onclose?.();
    await close();
  };
  const pump = async (): Promise<void> => {
    let noise = 0;
    let inTurn = 0;
    for await (const line of readLines(output, maxBytes)) {
      if (closed) return;
      inTurn += 1;
      if (inTurn % LINES_AT_ONCE === 0) await others();
      if ('tooLong' in line) return end(`it sent a message over ${maxBytes} bytes`);
      if (line.text.trim() === '') continue;
      if (!fitsJson(line.text, { ...BOUNDS, length: maxBytes }))
        return end('it sent a message of too many values, or too deep ones');
      const message = messageOf(line.text);
      // Some print to stdout what is for people; it is passed over.
      noise = message === undefined ? noise + 1 : 0;
      if (noise > MOST_NOISE) return end('what it writes is not JSON-RPC');
      if (message !== undefined) transport.onmessage?.(message);
    }
    return end('it ended');
  };
  const transport: Transport = {
    start: async () => {
      pump().catch(() => end('its output broke off'));
    },
    send: async (message) => {
      if (closed) throw new Error('the server has ended');
      await write(`${JSON.stringify(message)}\n`);
    },
    close: () => end('it was closed'),
  };
  return transport;
}

function messageOf(text: string): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(JSON.parse(text));
  } catch {
    return undefined; // counted as noise
  }
}
