import type { Engine } from '../../runtime/contracts/engine.ts';
import { execute } from './hostile-executor.ts';
import { scriptedEngine } from './scripted-engine.ts';

/** Its guests are JavaScript that runs in the realm of the cell itself: what a guest could do that has broken out of its engine. */
export const hostileEngine: Engine = {
  ...scriptedEngine,
  name: 'hostile',
  languages: ['hostile'],
  realm: 'exposed',
  inline: false,
  executorUrl: new URL('./hostile-executor.ts', import.meta.url).href,
  execute,
  prepare: async (source) => ({
    engine: 'hostile',
    data: source.kind === 'script' ? source.code : '',
    modules: {},
  }),
};
