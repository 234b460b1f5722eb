import { matchesScratch } from '../../vocabulary/scratch-glob.ts';

const VALUE_FORMS = ['png', 'jpg', 'pdf', 'svg', 'html', 'md', 'tex'] as const;
const FIGURE_FORMS = ['png', 'svg', 'pdf'] as const;

/**
 * The files that a run asks for by patterns that name them, `value.*` or `figure-*.png`: forms of its value, and open figures. A pattern such as
 * `*.png` is for files of the program's own.
 */
export function richNames(collect: readonly string[]): readonly string[] {
  const asked = (start: string, name: string): boolean =>
    collect.some((pattern) => pattern.startsWith(start) && matchesScratch(pattern, name));
  return [
    ...VALUE_FORMS.map((form) => `value.${form}`).filter((name) => asked('value.', name)),
    ...FIGURE_FORMS.filter(
      (form) =>
        collect.some((pattern) => pattern.startsWith('figure-') && pattern.endsWith(`.${form}`)) ||
        asked('figure-', `figure-1.${form}`),
    ).map((form) => `figure.${form}`),
  ];
}
