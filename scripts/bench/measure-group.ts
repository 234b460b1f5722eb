// One group of the bench, in a process of its own: what another has left on the heap is none of its figures. Told its file and options.
import type { Group, MeasureOptions } from './group.ts';

const [name = '', options = ''] = process.argv.slice(2);
const module: Readonly<Record<string, Group>> = await import(`./${name}.ts`);
const group = Object.values(module).find((value) => typeof value === 'object' && 'measure' in value);
if (group === undefined) throw new Error(`Cannot measure ${name}: its file exports no group`);
process.send?.({ title: group.title, ...(await group.measure(JSON.parse(options) as MeasureOptions)) });
process.disconnect?.();
