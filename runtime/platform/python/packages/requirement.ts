import { SandglassError } from '../../../vocabulary/errors.ts';
import { evaluateMarker } from './marker.ts';

/** One line of a `Requires-Dist`, or what a person asks for: a name, extras, versions (PEP 508 without addresses). */
export interface Requirement {
  /** Normalised by PEP 503. */
  readonly name: string;
  readonly extras: readonly string[];
  /** A PEP 440 specifier set; empty for any version. */
  readonly specifier: string;
  /** As it was written, for messages. */
  readonly text: string;
}

const MAX_CHARACTERS = 1000;
const FORM =
  /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(?:\(([^)]*)\)|((?:===|~=|==|!=|<=|>=|<|>)[^;@]*))?\s*(?:;(.*))?$/s;

/** `Foo.Bar_baz` and `foo-bar-baz` are one package (PEP 503). */
export const normalName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/**
 * Reads a requirement.
 * @param extras What was asked for of the package that it belongs to, for markers such as `extra == "test"`.
 * @returns `undefined` if its marker says that it is not for us.
 * @throws {SandglassError} INPUT_INVALID when it cannot be read, or names an address.
 */
export function readRequirement(text: string, extras: readonly string[] = []): Requirement | undefined {
  // Runs of blanks are made one first: the form would try each of their divisions.
  const found = text.length > MAX_CHARACTERS ? null : FORM.exec(text.replace(/\s+/g, ' '));
  if (found === null) {
    throw new SandglassError(
      'INPUT_INVALID',
      `Cannot read the requirement ${JSON.stringify(text.slice(0, 100))}: expected a name and versions, such as numpy or attrs>=23`,
    );
  }
  const [, name = '', extraList = '', inBrackets, bare, marker] = found;
  if (marker !== undefined && !evaluateMarker(marker, extras)) return undefined;
  return {
    name: normalName(name),
    extras: extraList
      .split(',')
      .map((extra) => normalName(extra.trim()))
      .filter((extra) => extra !== ''),
    specifier: (inBrackets ?? bare ?? '').trim(),
    text: text.trim(),
  };
}
