import type { PrebuiltComponent } from '../../../../runtime/engine.ts';

/** Written by `prebuildComponent` when the tests run. */
export const component: PrebuiltComponent;
