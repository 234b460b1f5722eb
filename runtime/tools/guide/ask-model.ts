import type { ModelEndpoint } from '../../contracts/api/guide.ts';
import { copyJson } from '../../vocabulary/copy-json.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { isJsonObject, type JsonObject } from '../../vocabulary/json.ts';
import { refuseUnknown, wholeNumber } from '../../vocabulary/read-options.ts';
import { MIB } from '../../vocabulary/units.ts';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Asks a model for one JSON object. @throws {SandglassError} HOST_CALL_FAILED, DEADLINE_EXCEEDED, CANCELLED; OUTPUT_INVALID for what is not one. */
export type AskModel = (messages: readonly Message[], signal: AbortSignal | undefined) => Promise<JsonObject>;

/** What is read of an answer, bytes. */
const MOST_BYTES = MIB;

/** @throws {TypeError | RangeError} naming the field. */
export function modelAsker(endpoint: ModelEndpoint, fetching: NonNullable<ModelEndpoint['fetch']>): AskModel {
  const where = 'create a runtime: model';
  if (typeof endpoint !== 'object' || endpoint === null)
    throw new TypeError(`Cannot ${where}: expected an object`);
  refuseUnknown(endpoint, { url: true, model: true, key: true, timeoutMs: true, fetch: true }, where);
  const { url, model, key } = endpoint;
  if (typeof url !== 'string' || !/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new TypeError(`Cannot ${where}: url is not one of http or https`);
  if (typeof model !== 'string' || model === '') throw new TypeError(`Cannot ${where}: model is not a name`);
  if (key !== undefined && (typeof key !== 'string' || !/^[!-~]{1,4096}$/.test(key)))
    throw new TypeError(`Cannot ${where}: key is not a text that a header can have`);
  const timeoutMs =
    wholeNumber(endpoint.timeoutMs, `${where}: timeoutMs`, { minimum: 1, maximum: 600_000 }) ?? 60_000;
  const send = endpoint.fetch ?? fetching;
  const address = `${url.endsWith('/') ? url.slice(0, -1) : url}/chat/completions`;
  return async (messages, signal) => {
    const late = AbortSignal.timeout(timeoutMs);
    try {
      const response = await send(address, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: JSON.stringify({ model, messages, temperature: 0, response_format: { type: 'json_object' } }),
        // The key is for this address alone.
        redirect: 'error',
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
      if (!response.ok)
        throw failed(
          `it answered status ${response.status}`,
          response.status === 429 || response.status >= 500,
        );
      return objectIn(await bodyOf(response));
    } catch (error) {
      if (error instanceof SandglassError) throw error;
      if (signal?.aborted === true)
        throw new SandglassError('CANCELLED', 'Cannot ask the model: it was cancelled');
      if (late.aborted)
        throw new SandglassError('DEADLINE_EXCEEDED', `Cannot ask the model: it took over ${timeoutMs} ms`, {
          hint: 'Raise model.timeoutMs',
        });
      throw failed('it cannot be reached', true);
    }
  };
}

async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    const part = chunk as Uint8Array; // a body is made of bytes
    bytes += part.byteLength;
    if (bytes > MOST_BYTES) throw failed(`its answer is over ${MOST_BYTES} bytes`, false);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** The object that a model answered, also where it put words or a fence around it. */
function objectIn(body: string): JsonObject {
  let content: unknown;
  try {
    const { choices } = JSON.parse(body) as {
      readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
    };
    content = choices?.[0]?.message?.content;
  } catch {
    throw failed('its answer is not JSON', false);
  }
  if (typeof content !== 'string') throw failed('its answer has no content', false);
  const from = content.indexOf('{');
  const to = content.lastIndexOf('}');
  try {
    const value = copyJson(JSON.parse(content.slice(from, to + 1)), 'the answer of the model', {
      maxDepth: 64,
    });
    if (isJsonObject(value)) return value;
  } catch {
    // said below
  }
  throw new SandglassError('OUTPUT_INVALID', 'Cannot take what the model answered: it is not a JSON object');
}

const failed = (reason: string, retryable: boolean): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot ask the model: ${reason}`, {
    retryable,
    hint: 'Look at url, model and key of the option model',
  });
