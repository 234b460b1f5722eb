import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import {
  RUN_ACCESS,
  type RunAccess,
  SHARED_PARTS,
  type SharedPart,
} from '../../runtime/vocabulary/grants/run.ts';
import { isJsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { languageName } from '../../runtime/vocabulary/languages.ts';
import { refuseUnknownField, wholeNumber } from '../../runtime/vocabulary/read-options.ts';

/** The `run` part of a grant, parsed. */
export interface RunPart {
  readonly access: readonly RunAccess[];
  /** By their whole names; absent: any. */
  readonly languages: readonly string[] | undefined;
  readonly depth: number;
  readonly share: readonly SharedPart[];
}

const MOST = { languages: 100, depth: 8 } as const;

const KNOWN = { access: true, languages: true, depth: true, share: true };

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseRunGrant(part: JsonValue, where: string): RunPart {
  if (!isJsonObject(part))
    throw new TypeError(`Cannot read ${where}: expected an object, e.g. { "languages": ["python"] }`);
  refuseUnknownField(part, KNOWN, where);
  const depths = { minimum: 1, maximum: MOST.depth };
  return {
    access: wordsOf(part.access, RUN_ACCESS, `${where}.access`) ?? ['start'],
    languages: languagesOf(part.languages, `${where}.languages`),
    depth: wholeNumber(part.depth, `read ${where}.depth:`, depths) ?? 1,
    share: wordsOf(part.share, SHARED_PARTS, `${where}.share`) ?? [],
  };
}

function languagesOf(value: JsonValue | undefined, where: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const isName = (one: JsonValue): one is string => typeof one === 'string' && one !== '' && one.length <= 64;
  if (Array.isArray(value) && value.length <= MOST.languages && value.every(isName))
    return value.includes('*') ? undefined : [...new Set(value.map(languageName))];
  throw new TypeError(`Cannot read ${where}: expected a list of languages, e.g. ["python", "javascript"]`);
}

function wordsOf<Word extends string>(
  value: JsonValue | undefined,
  known: readonly Word[],
  where: string,
): readonly Word[] | undefined {
  if (value === undefined) return undefined;
  const isKnown = (one: JsonValue): one is Word => known.some((word) => word === one);
  if (Array.isArray(value) && value.every(isKnown)) return [...new Set(value)];
  throw new TypeError(`Cannot read ${where}: expected a list of ${known.join(', ')}`);
}

/** The part as it stands in a grant. */
export const shownRunGrant = ({ access, languages, depth, share }: RunPart) => ({
  access: [...access],
  ...(languages === undefined ? {} : { languages: [...languages] }),
  depth,
  ...(share.length === 0 ? {} : { share: [...share] }),
});

/**
 * What `asked` wants, all of which `ceiling` must cover.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first that it does not.
 */
export function narrowRunGrant(asked: RunPart, ceiling: RunPart | undefined): RunPart {
  const beyond = ceiling === undefined ? 'any of it' : beyondOf(asked, ceiling);
  if (beyond === undefined) return asked;
  throw new SandglassError('CAPABILITY_DENIED', `Cannot grant run: the ceiling does not cover ${beyond}`, {
    details: { capability: 'run.start', requested: beyond, missing: ['run.start'] },
    hint: 'Ask for what the policy allows; do not retry',
  });
}

function beyondOf(asked: RunPart, ceiling: RunPart): string | undefined {
  const access = asked.access.find((one) => !ceiling.access.includes(one));
  if (access !== undefined) return `the access ${access}`;
  if (ceiling.languages !== undefined) {
    if (asked.languages === undefined) return 'every language';
    const { languages } = ceiling;
    const language = asked.languages.find((one) => !languages.includes(one));
    if (language !== undefined) return `the language ${JSON.stringify(language)}`;
  }
  if (asked.depth > ceiling.depth) return `a depth of ${asked.depth}`;
  const share = asked.share.find((one) => !ceiling.share.includes(one));
  return share === undefined ? undefined : `sharing ${share}`;
}
