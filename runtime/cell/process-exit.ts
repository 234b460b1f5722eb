/** Exit code of a process cell whose worker V8 has ended for its heap. */
export const HEAP_IS_FULL = 86;
