import { SandglassError } from '../../runtime/vocabulary/errors.ts';

/** What `details.reason` of a failed call can be. */
export type BrowserReason =
  | 'no-page'
  | 'no-element'
  | 'timeout'
  | 'navigation'
  | 'invalid'
  | 'busy'
  | 'closed'
  | 'too-large'
  | 'failed';

/** Why a browser did not do something, in words of ours: nothing of the host's, no text of a page. */
export class BrowserRefusal extends Error {
  override readonly name = 'BrowserRefusal';
  readonly reason: BrowserReason | 'unsupported';
  readonly hint: string | undefined;

  constructor(reason: BrowserReason | 'unsupported', why: string, hint?: string) {
    super(why);
    this.reason = reason;
    this.hint = hint;
  }
}

const RETRYABLE: ReadonlySet<string> = new Set(['timeout', 'navigation', 'busy']);

/** What helps with a verb where the driver knows no more. */
const HINTS: Readonly<Record<string, string>> = {
  'press failed': 'Name a key as KeyboardEvent.key does: Enter, ArrowDown, a, Control+a',
  'select timeout': 'Look at the page with browser.snapshot: the list may have no such option',
};

/** @param session The name that the call gave; absent: the page is that of its run, and ends with it. */
export function toBrowserError(
  error: BrowserRefusal,
  verb: string,
  session: string | undefined,
): SandglassError {
  const lonely = error.reason === 'no-page' && session === undefined;
  const words = lonely
    ? `${error.hint ?? ''}; calls that no program holds together share a page when each names the same session`
    : (HINTS[`${verb} ${error.reason}`] ?? error.hint);
  const hint = words === undefined ? {} : { hint: words };
  if (error.reason === 'unsupported')
    return new SandglassError('UNSUPPORTED', `Cannot call browser.${verb}: ${error.message}`, hint);
  if (error.reason === 'invalid')
    return new SandglassError('INPUT_INVALID', `Cannot call browser.${verb}: ${error.message}`, {
      details: { reason: 'invalid' },
      ...hint,
    });
  return new SandglassError('HOST_CALL_FAILED', `Cannot call browser.${verb}: ${error.message}`, {
    details: { reason: error.reason },
    retryable: RETRYABLE.has(error.reason),
    ...hint,
  });
}
