import type { Session } from '../../../contracts/api/session.ts';

/** Guest code that answers the names below a dotted path: of everything there is for an empty one. */
const ASK: Readonly<Record<string, (path: string) => string>> = {
  python: (path) => (path === '' ? 'sorted(set(dir(__builtins__)) | set(globals()))' : `dir(${path})`),
  javascript: (path) =>
    '(() => { const names = new Set(); for (let at = ' +
    `${path === '' ? 'globalThis' : `Object(${path})`}; at; at = Object.getPrototypeOf(at)) for ` +
    '(const name of Object.getOwnPropertyNames(at)) names.add(name); return [...names].sort(); })()',
};

const MOST_NAMES = 2_000;

/** Completes the last word of a line by what the session has. Only plain dotted names are looked up: no call is made for it. */
export async function completeNames(
  line: string,
  language: string,
  session: Pick<Session, 'run'>,
): Promise<readonly [candidates: readonly string[], word: string]> {
  const [, path = '', word = ''] =
    /(?:^|[^\w.$])((?:[A-Za-z_$][\w$]*\.)*)([A-Za-z_$][\w$]*)?$/.exec(line) ?? [];
  const ask = ASK[language === 'python' ? 'python' : 'javascript'];
  if (ask === undefined || (path === '' && word === '')) return [[], line];
  const outcome = await session.run({ code: ask(path.replace(/\.$/, '')), limits: { timeoutMs: 2_000 } });
  if (!outcome.ok || !Array.isArray(outcome.value)) return [[], line];
  const names = outcome.value
    .filter(
      (name): name is string => typeof name === 'string' && name.startsWith(word) && /^[\w$]+$/.test(name),
    )
    .filter((name) => word.startsWith('_') || !name.startsWith('_'))
    .slice(0, MOST_NAMES);
  return [names.map((name) => `${path}${name}`), `${path}${word}`];
}
