import type { Engine } from '../../contracts/engine.ts';
import { type ComponentEngineOptions, createComponentEngine } from '../../engines/component/engine.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';

/**
 * Components on Node: in workers and processes, the glue of each run lives in a realm of its own, and the cell serves again.
 * @throws {SandglassError} as `createComponentEngine`.
 */
export const createNodeComponentEngine = (
  options: Omit<ComponentEngineOptions, 'sealedExecutorUrl'> = {},
): Engine =>
  createComponentEngine({
    ...options,
    sealedExecutorUrl: ownUrl(import.meta.url, './component-node').href,
  });
