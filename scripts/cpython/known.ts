/** Start of a test's id → why it may fail here and pass in stock Pyodide. */
export const KNOWN: Readonly<Record<string, string>> = {
  'test.test_bytes.BytesTest.test_from_format':
    'Calls the interpreter through ctypes.pythonapi: guests have no ctypes.',
  'test.test_zipfile.test_core.PyZipFileTests.test_write_':
    'Skips itself where the folder of the tests cannot be written to: it is granted for reading.',
};
