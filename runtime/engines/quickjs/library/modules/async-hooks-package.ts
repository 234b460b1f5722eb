// What packages in the bundle get for `async_hooks`.
import { asyncHooks } from './async-hooks.ts';

export const { AsyncResource, AsyncLocalStorage } = asyncHooks;
