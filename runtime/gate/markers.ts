/** Takes the place of the arguments when a payload was too large to be sent: how large it was, bytes. */
export const OVERSIZE = '$oversize';

/** Takes the place of arguments that nest deeper than `MOST_DEPTH`: their copying from thread to thread could exhaust the host's stack. */
export const TOO_DEEP = '$tooDeep';
/** Levels of the arguments of a host call. */
export const MOST_DEPTH = 32;
