/** How long a session may be idle, ms. Inclusive. */
export const IDLE_MS = Object.freeze({ default: 300_000, minimum: 1_000, maximum: 86_400_000 });
