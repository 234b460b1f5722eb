/** Characters of a page, as text or as a snapshot, that one answer has. */
export const MOST_CONTENT = 100_000;
/** Elements that a selector finds at most. */
export const MOST_FOUND = 10_000;
/** Longest that a page is looked at after a click, before what came of it is told: a navigation that has begun is waited for, ms. */
export const SETTLE_MS = 3_000;
/** How long a page may take to begin one, ms. */
export const BEGIN_MS = 50;
