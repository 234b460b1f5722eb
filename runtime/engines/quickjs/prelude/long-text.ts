import { isWellFormed } from './primordials.ts';

/** Letters of a text from which on it leaves as it is: as JSON, each letter is looked at several times. */
const LONG_TEXT = 4096;

/** A long text that can leave as it is: nothing of it is lost in UTF-8. */
export const isLong = (text: string): boolean => text.length >= LONG_TEXT && isWellFormed(text);
