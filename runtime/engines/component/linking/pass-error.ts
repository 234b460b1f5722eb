/** What a guest did that traps by the Canonical ABI. */
export class PassError extends Error {
  override readonly name = 'PassError';
}
