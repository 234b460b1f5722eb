import type { PrebuiltComponent } from '../../../../runtime/contracts/engine.ts';

/** Written by `prebuildComponent` when the tests run. */
export const component: PrebuiltComponent;
