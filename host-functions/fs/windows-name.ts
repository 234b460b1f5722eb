/**
 * Names that mean something else on Windows: devices (`con`, `com1.txt`), streams (`a::$DATA`), dropped trailing dots and spaces, and
 * short names (`LONGNA~1`).
 */
export function isUnsafeOnWindows(name: string): boolean {
  return (
    /[<>:"|?*]/.test(name) ||
    [...name].some((character) => character < ' ') ||
    /[. ]$/.test(name) ||
    /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)/i.test(name) ||
    /~\d/.test(name)
  );
}
