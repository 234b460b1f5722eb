/** What a session's `memory` asks its module for. No module can export these names: the guard keeps all that begin like this for us. */
export const KEPT_MEMORY = Object.freeze({
  /** Arguments: offset, length. */
  read: '__sandglass_memory_read',
  /** Arguments: offset, bytes. */
  write: '__sandglass_memory_write',
});
