/** Name of a core module by its place in the binary. */
export const coreName = (place: number): string => `core${place}`;
