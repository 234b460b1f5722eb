import type { PinStore, Pins, ServerPins } from '../../contracts/server-powers.ts';
import { copyJson } from '../../vocabulary/copy-json.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { sha256Hex } from '../../vocabulary/sha256.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { ServerSettings } from './read-server.ts';
import type { HostTool } from './tool-host.ts';

/** Where pins are where no file is named: for as long as the runtime lasts. */
export function createMemoryPins(): PinStore {
  let kept: Pins = {};
  return {
    read: async () => kept,
    write: async (pins) => {
      kept = pins;
    },
  };
}

const hashOf = (value: JsonValue): Promise<string> =>
  sha256Hex(new TextEncoder().encode(canonicalJson(value)));

/** Of all that a model is told of it. @throws {TypeError | RangeError} for what is too deep or too large to be a schema. */
export const hashOfTool = (tool: HostTool): Promise<string> =>
  hashOf(copyJson({ ...tool }, 'what a server tells of a tool', { maxDepth: 100, maxBytes: 1_048_576 }));

/** Of where a server is: who is asked under a name. */
export const hashOfSource = ({ at }: ServerSettings): Promise<string> =>
  hashOf('command' in at ? [at.command, ...at.args] : [at.kind, at.url.href]);

/** Changes the pins of one server; those of others stay as they are by then. */
export async function pinServer(store: PinStore, name: string, pins: ServerPins): Promise<void> {
  const { [name]: _, ...others } = await store.read();
  await store.write({ ...others, [name]: pins });
}
