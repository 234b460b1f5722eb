/** Short name → the name that engines know. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['js', 'javascript'],
  ['ts', 'typescript'],
  ['py', 'python'],
  ['sh', 'shell'],
  ['bash', 'shell'],
]);

/** The name that engines know a language by; one that has no short form is answered as it is. */
export const languageName = (name: string): string => SHORT.get(name) ?? name;
