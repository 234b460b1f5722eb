/** From the least to the most urgent. */
export const PRIORITIES = Object.freeze(['low', 'normal', 'high', 'critical'] as const);

export type Priority = (typeof PRIORITIES)[number];
