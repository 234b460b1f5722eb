/** Takes the place of the arguments when a payload was too large to be sent: how large it was, bytes. */
export const OVERSIZE = '$oversize';

/** Takes the place of arguments that nest deeper than `MOST_DEPTH`: their copying from thread to thread could exhaust the host's stack. */
export const TOO_DEEP = '$tooDeep';
/** Takes the place of arguments that hold more values than `MOST_VALUES`: to copy millions of empty lists takes the host's thread for long. */
export const TOO_MANY = '$tooMany';
/** Values in the arguments of a host call, those in lists and objects counted, too. */
export const MOST_VALUES = 100_000;
/** Levels of the arguments of a host call. */
export const MOST_DEPTH = 32;
