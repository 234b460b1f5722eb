import { TEXT_FORMATS, type TextRules } from '../vocabulary/manifest.ts';
import { refuseUnknownField, wholeNumber } from '../vocabulary/read-options.ts';

const KNOWN: Readonly<Record<keyof TextRules, true>> = { maxChars: true, shorten: true, format: true };
const STRATEGIES = ['end', 'middle', 'smart'] as const;

/** @throws {TypeError | RangeError} naming the field. */
export function readTextRules(rules: TextRules | undefined, where: string): TextRules {
  if (rules === undefined) return {};
  if (typeof rules !== 'object' || rules === null) throw new TypeError(`Cannot ${where}: expected an object`);
  refuseUnknownField(rules, KNOWN, where);
  const { maxChars, shorten, format } = rules;
  wholeNumber(maxChars, `${where}: maxChars`, { minimum: 100, maximum: 1_000_000 });
  if (shorten !== undefined && !STRATEGIES.includes(shorten))
    throw new TypeError(`Cannot ${where}: shorten is not one of ${STRATEGIES.join(', ')}`);
  if (format !== undefined && !TEXT_FORMATS.includes(format))
    throw new TypeError(`Cannot ${where}: format is not one of ${TEXT_FORMATS.join(', ')}`);
  return rules;
}
