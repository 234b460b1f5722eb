import { HttpError } from './http-error.ts';
import type { DoorContext } from './route.ts';

/** A whole number of the query; `undefined` where it is not named. @throws {HttpError} 400 */
export function readNumber(
  { req }: DoorContext,
  name: string,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): number | undefined {
  const text = req.query(name);
  if (text === undefined) return undefined;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= minimum && number <= maximum) return number;
  throw new HttpError(
    400,
    `Cannot read the query: ${name} is not a whole number from ${minimum} to ${maximum}`,
  );
}

/** Elements of one page. */
const PAGE = { minimum: 1, maximum: 500, usual: 100 } as const;

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; absent at the end. */
  readonly next?: string;
}

/** One page of a list, by `limit` and `cursor`. @throws {HttpError} 400 for a cursor that no page gave, or of what is gone. */
export function readPage<T>(context: DoorContext, all: readonly T[], nameOf: (item: T) => string): Page<T> {
  const limit = readNumber(context, 'limit', PAGE) ?? PAGE.usual;
  const cursor = context.req.query('cursor');
  const start = cursor === undefined ? 0 : all.findIndex((item) => nameOf(item) === cursor) + 1;
  if (cursor !== undefined && start === 0)
    throw new HttpError(
      400,
      'Cannot read the query: cursor is not one that a page gave',
      'Begin again without it',
    );
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  return start + limit < all.length && last !== undefined ? { items, next: nameOf(last) } : { items };
}

export const PAGE_PARAMETERS = {
  limit: {
    in: 'query',
    schema: { type: 'integer', minimum: PAGE.minimum, maximum: PAGE.maximum, default: PAGE.usual },
    description: 'Elements of one page',
  },
  cursor: { in: 'query', schema: { type: 'string' }, description: 'What the page before answered as `next`' },
} as const;
