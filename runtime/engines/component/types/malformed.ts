import { SandglassError } from '../../../vocabulary/errors.ts';

/** What WASI 0.3 has and nothing here runs. */
export const unsupported = (what: string): SandglassError =>
  new SandglassError('UNSUPPORTED', `Cannot read the component: ${what}`, {
    hint: 'Build it for WASI 0.2: functions that take and give values',
  });

export const malformed = (reason: string): SandglassError =>
  new SandglassError('MODULE_INVALID', `Cannot read the component: ${reason}`);
