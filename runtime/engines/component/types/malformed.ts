import { SandglassError } from '../../../vocabulary/errors.ts';

export const malformed = (reason: string): SandglassError =>
  new SandglassError('MODULE_INVALID', `Cannot read the component: ${reason}`);
