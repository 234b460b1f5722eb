// What packages in the bundle get for `events`.
export { EventEmitter } from './events.ts';
