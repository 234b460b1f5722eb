import type { DoorContext } from './route.ts';

/** Whether the key of a request is for a tool. */
export const maySee = (context: DoorContext, { name }: { readonly name: string }): boolean => {
  const { tools } = context.get('who');
  return tools === undefined || tools.some((pattern) => fits(pattern, name));
};

/** `web_*`: a star at the end stands for any characters. */
const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
