/**
 * The URL of a module of ours beside the one that asks, in the form which that one has: `.ts` from sources, `.js` once built.
 * @param from The asking module's `import.meta.url`.
 * @param path From there, without an ending.
 * @param built The path of what is made of it when the package is built. @default path
 */
export const ownUrl = (from: string, path: string, built: string = path): URL =>
  new URL(from.endsWith('.ts') ? `${path}.ts` : `${built}.js`, from);
