import { buildRealm } from '../../scripts/build-realm.ts';

/** Before any test: what runs in the realms of components is made of the present sources. */
export const setup = (): void => buildRealm();
