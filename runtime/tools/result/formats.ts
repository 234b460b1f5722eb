import { SandglassError } from '../../vocabulary/errors.ts';
import type { TextFormat } from '../../vocabulary/manifest.ts';
import { MIB } from '../../vocabulary/units.ts';
import { safeMarkup } from './safe-markup.ts';

/** What may be checked at all, bytes of UTF-16. */
const MOST_CHARACTERS = 10 * MIB;

const DIAGRAMS = [
  'flowchart',
  'graph',
  'sequenceDiagram',
  'classDiagram',
  'stateDiagram',
  'erDiagram',
  'gantt',
  'pie',
  'mindmap',
  'timeline',
  'journey',
  'gitGraph',
  'quadrantChart',
  'xychart',
  'block',
];

/**
 * A text in the format that its tool claims, without what could act where it is shown: escape sequences of terminals, and clicks of diagrams.
 * @throws {SandglassError} OUTPUT_INVALID, OUTPUT_EXCEEDED.
 */
export function checkFormat(text: string, format: TextFormat, shown: string): string {
  if (text.length > MOST_CHARACTERS)
    throw new SandglassError(
      'OUTPUT_EXCEEDED',
      `Cannot take what ${shown} answered: over ${MOST_CHARACTERS} characters`,
    );
  if (format === 'json') {
    try {
      JSON.parse(text);
      return text;
    } catch {
      throw invalid(shown, 'it is not JSON');
    }
  }
  const plain = withoutControls(text);
  if (format === 'text') return plain;
  if (format === 'html') return safeMarkup(plain, 'html');
  if (format === 'svg') {
    const picture = safeMarkup(plain, 'svg').trim();
    if (!picture.startsWith('<svg')) throw invalid(shown, 'it does not begin as an SVG picture does');
    return picture;
  }
  return safeDiagram(plain, shown);
}

/** A diagram in which nothing can be clicked, configured, or shown as markup. */
function safeDiagram(plain: string, shown: string): string {
  const lines = plain.split('\n');
  const first = lines.find((line) => line.trim() !== '' && !line.trim().startsWith('%%'))?.trim() ?? '';
  if (!DIAGRAMS.some((name) => first.startsWith(name)))
    throw invalid(shown, 'it does not begin as a mermaid diagram does');
  return withoutTags(plain)
    .split('\n')
    .filter((line) => !/javascript:|%%\{/i.test(line))
    .map((line) =>
      line
        .split(';')
        .filter((statement) => !/^\s*(?:click|href|link|links|callback)\b/i.test(statement))
        .join(';'),
    )
    .filter((line, index) => line !== '' || lines[index] === '')
    .join('\n');
}

/** Labels may hold markup where diagrams are shown: all of it goes but breaks of lines. Arrows are not tags. */
function withoutTags(text: string): string {
  const [first = '', ...rest] = text.split('<');
  return rest.reduce((kept, part) => {
    if (!/^\/?[a-z!]/i.test(part) || /^br\s{0,8}\/?>/i.test(part)) return `${kept}<${part}`;
    const end = part.indexOf('>');
    return end < 0 ? `${kept}${part}` : kept + part.slice(end + 1);
  }, first);
}

const invalid = (shown: string, reason: string): SandglassError =>
  new SandglassError('OUTPUT_INVALID', `Cannot take what ${shown} answered: ${reason}`, {
    hint: 'The tool does not keep to its text.format',
  });

/** Without escape sequences and control characters, but for tabs and line breaks. */
function withoutControls(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])?/g, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '')
  );
}
