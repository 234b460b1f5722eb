// Packages of the library that come without types, or with those of Node itself.
declare module 'buffer/index.js' {
  export const Buffer: unknown;
  export const constants: Readonly<Record<string, number>>;
}
declare module 'events/events.js' {
  const EventEmitter: unknown;
  export = EventEmitter;
}
declare module 'readable-stream/lib/stream.js' {
  const stream: unknown;
  export = stream;
}
declare module 'readable-stream/lib/stream/promises.js' {
  const promises: unknown;
  export = promises;
}
declare module 'string_decoder/lib/string_decoder.js' {
  export const StringDecoder: unknown;
}
declare module 'urlpattern-polyfill/urlpattern' {
  export const URLPattern: unknown;
}
