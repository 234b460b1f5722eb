import type { Source } from './sources.ts';

const OPTIONAL = /\.\.\.\(\s*([\w.?#]+) === undefined \? \{\} : \{ (?:[\w'-]+: )?([\w.?#]+) \}\s*\)/g;

/**
 * `...(x === undefined ? {} : { x })` where `defined({ x })` says the same.
 * @param apart What goes into a realm of its own as text, where nothing of ours is at hand.
 */
export function checkSpreads(sources: readonly Source[], apart: RegExp): readonly string[] {
  return sources
    .filter(({ path }) => !apart.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(OPTIONAL)]
        .filter(([, asked = '', given = '']) => asked.replaceAll('?', '') === given.replaceAll('?', ''))
        .map(([whole]) => `${path}: ${whole} is ...defined({ … })`),
    );
}
