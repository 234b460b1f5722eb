import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { contentPartsOf, textOfParts } from '../../vocabulary/content-parts.ts';
import { toJsonForm } from '../../vocabulary/json-form.ts';
import type { TextFormat } from '../../vocabulary/manifest.ts';

/** The whole text of an outcome: its value, or its parts, else what it printed; of a failure its code, message and hint. */
export function textOf(outcome: ToolOutcome): string {
  if (!outcome.ok) {
    const { code, message, hint } = outcome.error;
    return `${code}: ${message}${hint === undefined ? '' : `\n${hint}`}`;
  }
  if (typeof outcome.value === 'string') return outcome.value;
  if (outcome.value === undefined) return outcome.stdout;
  const parts = contentPartsOf(outcome.value);
  return parts === undefined ? JSON.stringify(toJsonForm(outcome.value) ?? null) : textOfParts(parts);
}

/** The value that goes with a text, where there was none: what was printed is all the tool said. */
export const valueFromText = (outcome: ToolOutcome, text: string): { readonly value?: string } =>
  outcome.ok && outcome.value === undefined && text !== '' ? { value: text } : {};

const MIMES: Readonly<Record<TextFormat, string>> = {
  text: 'text/plain',
  json: 'application/json',
  mermaid: 'text/vnd.mermaid',
  html: 'text/html',
  svg: 'image/svg+xml',
};

export function mimeOf(outcome: ToolOutcome, format: TextFormat | undefined): string {
  if (format !== undefined) return MIMES[format];
  return outcome.ok && typeof outcome.value === 'object' && contentPartsOf(outcome.value) === undefined
    ? MIMES.json
    : MIMES.text;
}
