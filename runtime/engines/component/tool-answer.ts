import type { GuestEnd, GuestResult } from '../../contracts/engine.ts';
import { copyJson } from '../../vocabulary/copy-json.ts';
import { fitsJson, type JsonBounds } from '../../vocabulary/json-weight.ts';
import type { Call } from './choose-call.ts';

/** What a run ended with, the JSON text of a tool as the value that it says. */
export function withToolAnswer(
  result: GuestResult,
  { answer }: Pick<Call, 'answer'>,
  outputBytes: number,
): GuestResult {
  if (answer !== 'tool' || result.kind !== 'value') return result;
  const { memoryBytes, fuel, growthRefused } = result;
  return { ...toolAnswer(String(result.value), outputBytes), memoryBytes, fuel, growthRefused };
}

/** Of an answer that fits the output: escapes of six characters for one byte, and room for blanks. */
const answerBounds = (outputBytes: number): JsonBounds => ({
  length: 8 * outputBytes + 4096,
  depth: MAX_ANSWER_DEPTH,
  weight: 40 * outputBytes + 4096,
});
const MAX_ANSWER_DEPTH = 128;

/** An answer of a tool is JSON: what it may become is looked at before it is parsed. */
function toolAnswer(text: string, outputBytes: number): GuestEnd {
  const bounds = answerBounds(outputBytes);
  if (!fitsJson(text, { ...bounds, depth: Number.POSITIVE_INFINITY }))
    return { kind: 'limit', limit: 'output' };
  try {
    if (!fitsJson(text, bounds)) throw new TypeError('nested too deep');
    return { kind: 'value', value: copyJson(JSON.parse(text), 'the answer') };
  } catch {
    return {
      kind: 'invalid',
      code: 'OUTPUT_INVALID',
      message: 'Cannot read the answer of the tool: it is not JSON',
    };
  }
}
