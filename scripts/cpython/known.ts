const SOCKET =
  'Puts a socket of its own beneath http.client: requests here are made by the host, and the grant decides.';
const LIB =
  "Removes a file below the interpreter's own /lib, where none may be changed: PermissionError with the grant's name, not NotADirectoryError.";

const SCRATCH = 'Makes a file of 2 GiB: the scratch folder holds less.';

/** Start of a test's id → why it may fail here and pass in stock Pyodide. */
export const KNOWN: Readonly<Record<string, string>> = {
  'test.test_bytes.BytesTest.test_from_format':
    'Calls the interpreter through ctypes.pythonapi: guests have no ctypes.',
  'test.test_doctest.test_doctest.TestDocTestFinder.test_empty_namespace_package': LIB,
  'test.test_io.CIOTest.test_large_file_ops': SCRATCH,
  'test.test_io.PyIOTest.test_large_file_ops': SCRATCH,
  'test.test_os.ExecTests.': 'Guests cannot start processes, whatever the arguments.',
  'test.test_runpy.RunModuleTestCase.test_': LIB,
  'test.test_sys.SysModuleTest.test_setrecursionlimit_to_depth':
    'Counts frames to the one: sys.setrecursionlimit is a function of Python here, and takes one itself.',
  'test.test_traceback.CPythonSuggestionFormattingTests.test_import_from_': LIB,
  'test.test_traceback.PurePythonSuggestionFormattingTests.test_import_from_': LIB,
  'test.test_unittest.test_break.':
    'Sends its own process a signal: guests have neither processes nor signals.',
  'test.test_urllib.Utility_Tests.test_thishost': 'Looks up a name: guests have no sockets.',
  'test.test_urllib.urlcleanup_Tests.': SOCKET,
  'test.test_urllib.urlopen_HttpTests.test_invalid_redirect': SOCKET,
  'test.test_urllib.urlopen_HttpTests.test_read_': SOCKET,
  'test.test_urllib.urlopen_HttpTests.test_redirect_limit_independent': SOCKET,
  'test.test_urllib.urlopen_HttpTests.test_url_fragment': SOCKET,
  'test.test_urllib.urlopen_HttpTests.test_willclose': SOCKET,
  'test.test_urllib.urlretrieve_HttpTests.': SOCKET,
  'test.test_zipfile.test_core.PyZipFileTests.test_write_':
    'Skips itself where the folder of the tests cannot be written to: it is granted for reading.',
};
