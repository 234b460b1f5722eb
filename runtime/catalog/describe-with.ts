import type { Described } from '../contracts/described-tool.ts';
import type { Engine } from '../contracts/engine.ts';
import { describeTool } from './describe-tool.ts';

/** What a binary says of itself as a tool; of a component's exports its engine knows the types. */
export function describeWith(engines: readonly Engine[], bytes: Uint8Array): Described {
  const own = new Uint8Array(bytes);
  const described = describeTool(own);
  const engine = engines.find(({ toolExports }) => toolExports !== undefined);
  const offered = described.kind === 'component' ? engine?.toolExports?.(own) : undefined;
  const { isTool = false, exports = [], handles = [] } = offered ?? {};
  return { ...described, isTool, exports, handles };
}
