// What packages in the bundle get for `process`.
import { process } from './process.ts';

export const { nextTick, env, version, versions, emitWarning } = process;
