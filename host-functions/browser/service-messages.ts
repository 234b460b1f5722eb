import { Buffer } from 'node:buffer';
import type { DriverAnswer } from '../../runtime/contracts/operations/browser.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { MIB } from '../../runtime/vocabulary/units.ts';
import { type BrowserReason, BrowserRefusal } from './browser-refusal.ts';

// Messages between a runtime and a browser service: JSON over HTTP. `POST /sessions` opens one, `POST /sessions/ID` does a verb, `DELETE
// /sessions/ID` ends it.

/** What a request may hold; arguments of verbs are far smaller. */
export const MOST_ASKED = 2 * MIB;
/** What an answer may hold: a download of 64 MiB in base64. */
export const MOST_ANSWERED = 96 * MIB;

const REASONS: ReadonlySet<string> = new Set<BrowserReason | 'unsupported'>([
  'no-page',
  'no-element',
  'timeout',
  'navigation',
  'invalid',
  'busy',
  'closed',
  'too-large',
  'failed',
  'unsupported',
]);
const MOST_TEXT = 300;

/** What a verb came to. */
export interface ActAnswer {
  readonly answer: DriverAnswer;
  /** Of the page that is looked at. */
  readonly url: string | undefined;
  /** Where it was not let go. */
  readonly stayed: readonly string[];
}

export const writeAnswer = ({ answer: { value, bytes }, url, stayed }: ActAnswer): JsonObject => ({
  ...defined({ value }),
  ...(bytes === undefined ? {} : { bytes: Buffer.from(bytes).toString('base64') }),
  ...defined({ url }),
  stayed,
});

/** @throws {BrowserRefusal} on anything else than an answer. */
export function readAnswer(given: JsonValue): ActAnswer {
  if (!isJsonObject(given)) throw noService();
  const { value, bytes, url, stayed = [] } = given;
  if (bytes !== undefined && typeof bytes !== 'string') throw noService();
  if (url !== undefined && typeof url !== 'string') throw noService();
  if (!Array.isArray(stayed) || !stayed.every((one) => typeof one === 'string')) throw noService();
  return {
    answer: {
      ...defined({ value }),
      ...(bytes === undefined ? {} : { bytes: new Uint8Array(Buffer.from(bytes, 'base64')) }),
    },
    url,
    stayed,
  };
}

export const writeRefusal = ({ reason, message, hint }: BrowserRefusal): JsonObject => ({
  error: { reason, message, ...defined({ hint }) },
});

/** A refusal as a service tells it; texts of others are short and have no control characters. */
export function readRefusal(given: JsonValue): BrowserRefusal {
  const error = isJsonObject(given) ? given.error : undefined;
  if (error === undefined || !isJsonObject(error)) return noService();
  const { reason, message, hint } = error;
  if (typeof reason !== 'string' || !REASONS.has(reason) || typeof message !== 'string') return noService();
  const known = reason as BrowserReason | 'unsupported'; // it has just looked
  return new BrowserRefusal(known, plain(message), typeof hint === 'string' ? plain(hint) : undefined);
}

const plain = (text: string): string => text.slice(0, MOST_TEXT).replace(/\p{Cc}/gu, ' ');

export const noService = (): BrowserRefusal =>
  new BrowserRefusal('failed', 'the browser service did not answer as one');
