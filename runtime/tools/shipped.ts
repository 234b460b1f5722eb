import type { ToolFile } from '../contracts/platform.ts';
import { registerFiles } from './load.ts';
import { OWN_TOOLS, ownHandler } from './own-tools.ts';
import type { Register } from './register.ts';
import type { ToolStore } from './registry.ts';

/**
 * Registers the tools that ship once somebody asks for any tool. What the policy does not have is refused when they are called: embedders did not
 * choose their manifests. In a registry that has them already, or another tool of a name, those that are there stay.
 */
export function registerShipped(store: ToolStore, read: () => readonly ToolFile[], register: Register): void {
  store.onFirstUse(() => {
    for (const { manifest, run } of OWN_TOOLS)
      if (store.find(manifest.name) === undefined) register(manifest, ownHandler(run));
    const files = read().filter(({ path }) => store.find(nameOf(path)) === undefined);
    registerFiles(files, {
      store,
      register,
      options: {},
      alone: false,
      python: new Map(),
      unchanged: new Set(),
      onFound: () => undefined,
      onKeptOut: () => undefined,
    });
  });
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.(?:js|py)$/, '');
