import type { SqlParameter, SqlStatement } from '../../runtime/contracts/operations/sql.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { type Dialect, type Piece, scanStatement } from './scan-statement.ts';

/** Why placeholders and parameters do not fit. */
export class BadParameters extends Error {}

const MOST_PARAMETERS = 10_000;
const NUMBERED = /\$[0-9]/;
/** A name after `:`, not of a cast `::` nor of `:=`. */
const NAMED = /(?<!:):(?:([A-Za-z_]\w{0,62}))/g;

/**
 * A statement in the numbered placeholders of its database, with its parameters in order. Values are never put into the text. Without parameters
 * the text stays as it is: `?` is an operator of PostgreSQL, too.
 * @throws {BadParameters} when there are more or fewer than placeholders.
 */
export function bindParameters(
  text: string,
  params: readonly SqlParameter[] | JsonObject | undefined,
  dialect: Dialect,
): SqlStatement {
  if (params === undefined || (Array.isArray(params) && params.length === 0)) return { text, params: [] };
  const pieces = scanStatement(text, dialect);
  const bound = isJsonObject(params as JsonValue)
    ? byName(pieces, params as JsonObject, dialect)
    : inOrder(pieces, params as readonly SqlParameter[], dialect);
  if (bound.params.length > MOST_PARAMETERS)
    throw new BadParameters(`${bound.params.length} parameters are over ${MOST_PARAMETERS}`);
  return bound;
}

const mark = (dialect: Dialect, index: number): string => `${dialect === 'postgres' ? '$' : '?'}${index}`;

function byName(pieces: readonly Piece[], params: JsonObject, dialect: Dialect): SqlStatement {
  const names: string[] = [];
  const text = replaceIn(pieces, NAMED, (_, name = '') => {
    if (!Object.hasOwn(params, name)) throw new BadParameters(`there is no parameter "${name}"`);
    const known = names.indexOf(name);
    return mark(dialect, known < 0 ? names.push(name) : known + 1);
  });
  const unused = Object.keys(params).find((name) => !names.includes(name));
  if (unused !== undefined)
    throw new BadParameters(`the statement has no placeholder for ${JSON.stringify(unused.slice(0, 64))}`);
  return { text, params: names.map((name) => params[name] ?? null) };
}

function inOrder(pieces: readonly Piece[], params: readonly SqlParameter[], dialect: Dialect): SqlStatement {
  const code = pieces.filter(({ kind }) => kind === 'code').map((piece) => piece.text);
  if (code.some((part) => NUMBERED.test(part))) {
    const numbers = code.flatMap((part) =>
      [...part.matchAll(/\$([0-9]{1,6})/g)].map(([, digits]) => Number(digits)),
    );
    agree(
      numbers.reduce((most, number) => Math.max(most, number), 0),
      params.length,
    );
    return {
      text: dialect === 'postgres' ? textOf(pieces) : replaceIn(pieces, /\$([0-9]{1,6})/g, (_, n) => `?${n}`),
      params,
    };
  }
  // `%s` and `?` do not mix: where there is a `%s`, `?` may be an operator.
  const style = code.some((part) => part.includes('%s')) ? /%s/g : /\?/g;
  let count = 0;
  const text = replaceIn(pieces, style, () => mark(dialect, ++count));
  agree(count, params.length);
  return { text, params };
}

function agree(placeholders: number, given: number): void {
  if (placeholders !== given)
    throw new BadParameters(
      `the statement has ${placeholders} placeholders, and there are ${given} parameters`,
    );
}

const textOf = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('');

const replaceIn = (
  pieces: readonly Piece[],
  pattern: RegExp,
  by: (found: string, group?: string) => string,
): string => pieces.map(({ kind, text }) => (kind === 'code' ? text.replace(pattern, by) : text)).join('');
