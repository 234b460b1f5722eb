/** Python before a test's own: `filled(**fields)` makes an object of JavaScript; `str()` of one calls its `toString`, which may be Python's. */
export const FILLED = `from pyodide.ffi import create_proxy
def filled(**fields):
  given = []
  create_proxy(lambda *args: given.append(args[-1]))(**fields)
  return given[0]
`;
