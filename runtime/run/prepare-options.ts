import type { RuntimeOptions } from '../contracts/api/runtime.ts';
import type { PrepareContext } from '../contracts/engine.ts';
import type { Platform } from '../contracts/platform.ts';
import { defined } from '../vocabulary/defined.ts';
import type { TellNotice } from '../vocabulary/notice.ts';

/** What engines make guests ready with: the platform's compiler and jobs, and what is kept between processes. */
export function readPrepare(
  platform: Platform,
  options: RuntimeOptions,
  tell: TellNotice,
): Omit<PrepareContext, 'limits'> {
  const cache = options.cache === false ? undefined : platform.openCache?.(options.cache, tell);
  return {
    tell,
    compile: platform.compile,
    ...defined({ cache, job: platform.job }),
  };
}
