import { SandglassError } from '../../../vocabulary/errors.ts';
import { type Choice, chooseFile, type PageRequest } from './index-page.ts';
import { unpackWheel, type Wheel, type WheelRequest } from './unpack-wheel.ts';

/** Work on what an index or a publisher has written, none of which is trusted. */
export type PackageJob =
  | ({ readonly kind: 'page' } & PageRequest)
  | ({ readonly kind: 'wheel' } & WheelRequest);

export type PackageAnswer =
  | { readonly kind: 'choice'; readonly choice: Choice | undefined }
  | { readonly kind: 'wheel'; readonly wheel: Wheel }
  | {
      readonly kind: 'refused';
      readonly code: 'MODULE_INVALID' | 'UNSUPPORTED';
      readonly message: string;
    };

/** Runs in a worker that can be ended. */
export function job(input: unknown): PackageAnswer {
  const asked = input as PackageJob; // only package-work.ts sends this job
  try {
    return asked.kind === 'page'
      ? { kind: 'choice', choice: chooseFile(asked) }
      : { kind: 'wheel', wheel: unpackWheel(asked) };
  } catch (error) {
    if (!(error instanceof SandglassError)) throw error;
    const code = error.code === 'UNSUPPORTED' ? 'UNSUPPORTED' : 'MODULE_INVALID';
    return { kind: 'refused', code, message: error.message };
  }
}
