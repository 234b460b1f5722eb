import type { OriginRules } from '../../runtime/contracts/operations/browser.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import {
  BROWSER_ACTIONS,
  type BrowserAction,
  type BrowserGrant,
} from '../../runtime/vocabulary/grants/browser.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { refuseUnknownField, wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import { MIB } from '../../runtime/vocabulary/units.ts';

/** The `browser` part of a grant, checked, with its defaults filled. */
export interface BrowserPart {
  readonly origins: readonly string[];
  readonly actions: ReadonlySet<BrowserAction>;
  readonly maxPages: number;
  readonly timeoutMs: number;
  readonly maxCalls: number;
  readonly maxBytes: number;
  /** 0: none. */
  readonly maxDownloadBytes: number;
}

const FIELDS: Readonly<Record<keyof BrowserGrant, true>> = {
  origins: true,
  actions: true,
  maxPages: true,
  timeoutMs: true,
  maxCalls: true,
  maxBytes: true,
  maxDownloadBytes: true,
};
const MOST_ORIGINS = 1_000;

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseBrowserGrant(part: JsonValue, where: string, rules: OriginRules): BrowserPart {
  if (!isJsonObject(part)) throw new TypeError(`Cannot read ${where}: expected an object with "origins"`);
  refuseUnknownField(part, FIELDS, where);
  const origins = texts(part.origins, `${where}.origins`);
  if (origins.length > MOST_ORIGINS)
    throw new TypeError(
      `Cannot read ${where}.origins: ${origins.length} are over ${MOST_ORIGINS}; use patterns`,
    );
  rules.check(origins, `${where}.origins`);
  const actions = texts(part.actions ?? ['navigate', 'extract'], `${where}.actions`);
  const unknown = actions.find((action) => !BROWSER_ACTIONS.some((known) => known === action));
  if (unknown !== undefined)
    throw new TypeError(
      `Cannot read ${where}.actions: ${JSON.stringify(unknown.slice(0, 80))} is not one of ${BROWSER_ACTIONS.join(', ')}`,
    );
  return {
    origins,
    actions: new Set(actions as readonly BrowserAction[]), // each was just looked at
    maxPages: figure(part, 'maxPages', where, 1, 32) ?? 4,
    timeoutMs: figure(part, 'timeoutMs', where, 1, 300_000) ?? 30_000,
    maxCalls: figure(part, 'maxCalls', where, 0) ?? Number.POSITIVE_INFINITY,
    maxBytes: figure(part, 'maxBytes', where, 0) ?? 64 * MIB,
    maxDownloadBytes: figure(part, 'maxDownloadBytes', where, 0, 64 * MIB) ?? 0,
  };
}

const figure = (
  part: JsonObject,
  name: keyof BrowserGrant,
  where: string,
  minimum: number,
  maximum?: number,
): number | undefined =>
  wholeNumber(part[name], `read ${where}.${name}:`, {
    minimum,
    ...defined({ maximum }),
  });

function texts(value: JsonValue | undefined, where: string): readonly string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')) return value;
  throw new TypeError(`Cannot read ${where}: expected a list of texts`);
}

/**
 * What `asked` wants, never more than `ceiling`: origins that it covers, actions that it has, the smaller caps.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first that it does not cover.
 */
export function narrowBrowserGrant(
  asked: BrowserPart,
  ceiling: BrowserPart | undefined,
  rules: OriginRules,
): BrowserPart {
  const action = [...asked.actions].find((one) => ceiling?.actions.has(one) !== true);
  const origin = rules.uncovered(asked.origins, ceiling?.origins ?? []);
  if (ceiling === undefined || action !== undefined || origin !== undefined) {
    const capability = `browser.${action ?? 'navigate'}`;
    throw new SandglassError(
      'CAPABILITY_DENIED',
      `Cannot grant browser: the policy does not cover ${action ?? JSON.stringify(origin)}`,
      {
        details: { capability, requested: action ?? origin ?? 'browser', missing: [capability] },
        hint: 'Ask for origins and actions that the policy allows; do not retry',
      },
    );
  }
  return {
    ...asked,
    maxPages: Math.min(asked.maxPages, ceiling.maxPages),
    timeoutMs: Math.min(asked.timeoutMs, ceiling.timeoutMs),
    maxCalls: Math.min(asked.maxCalls, ceiling.maxCalls),
    maxBytes: Math.min(asked.maxBytes, ceiling.maxBytes),
    maxDownloadBytes: Math.min(asked.maxDownloadBytes, ceiling.maxDownloadBytes),
  };
}

/** As its guest may read it. */
export const shownBrowserGrant = ({
  origins,
  actions,
  maxPages,
  timeoutMs,
  maxCalls,
  maxBytes,
  maxDownloadBytes,
}: BrowserPart): JsonValue => ({
  origins: [...origins],
  actions: [...actions],
  maxPages,
  timeoutMs,
  ...(Number.isFinite(maxCalls) ? { maxCalls } : {}),
  maxBytes,
  ...(maxDownloadBytes === 0 ? {} : { maxDownloadBytes }),
});
