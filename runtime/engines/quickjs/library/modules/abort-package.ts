// What packages in the bundle get for `abort-controller`.
const { AbortController, AbortSignal } = globalThis;

export { AbortController, AbortSignal };
