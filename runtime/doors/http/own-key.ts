import { SandglassError } from '../../vocabulary/errors.ts';
import type { DoorContext } from './route.ts';

/** Refuses keys of callers. @param why Whose the answer is. @throws {SandglassError} CAPABILITY_DENIED */
export function checkOwnKey(context: DoorContext, why: string): void {
  if (context.get('who').caller !== undefined)
    throw new SandglassError('CAPABILITY_DENIED', `Cannot answer: ${why}, and needs the key of the server`);
}
