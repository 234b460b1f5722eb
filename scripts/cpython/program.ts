/** Starts each line that a side tells of its tests with; whatever else the tests print is passed over. */
export const MARK = '\u001e';

/** What a side tells as it goes, one JSON line each. */
export interface Line {
  /** A test begins. */
  readonly start?: string;
  /** A test has ended, */
  readonly test?: string;
  /** as `pass`, `skip`, `fail: why` or `error: why`. */
  readonly outcome?: string;
  /** All of them have. */
  readonly done?: true;
}

const SOURCE = `
import collections, json, os, sys, types, unittest, warnings

def tell(write=os.write, dumps=json.dumps, **line):
    data = ('\\n\\x1e' + dumps(line) + '\\n').encode()
    while data:
        data = data[write(1, data):]

class Result(unittest.TestResult):
    """Tells each outcome at once: what has been told outlives the interpreter."""

    def __init__(self, names):
        super().__init__()
        self.names, self.ended = names, set()

    def startTest(self, test):
        super().startTest(test)
        tell(start=self.names[test])

    def note(self, test, outcome):
        name = self.names.get(test) or test.id()
        if name not in self.ended:
            self.ended.add(name)
            tell(test=name, outcome=outcome)

    def addSuccess(self, test):
        self.note(test, 'pass')

    def addExpectedFailure(self, test, error):
        self.note(test, 'pass')

    def addUnexpectedSuccess(self, test):
        self.note(test, 'fail: unexpected success')

    def addSkip(self, test, reason):
        self.note(getattr(test, 'test_case', test), 'skip: ' + str(reason)[:200])

    def addFailure(self, test, error):
        self.note(test, 'fail: ' + brief(error[1]))

    def addError(self, test, error):
        self.note(test, 'error: ' + type(error[1]).__name__ + ': ' + brief(error[1]))

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.note(test, 'fail: ' + type(error[1]).__name__ + ': ' + brief(error[1]))

def brief(error):
    try:
        return ' '.join(str(error).split())[-300:]
    except Exception:
        return '(no text)'

class Names(dict):
    """Test object -> its id; a second test of one id gets a number, for sides are compared by these names. By identity, as tests may be equal."""

    def __init__(self):
        super().__init__()
        self.counts = collections.Counter()

    def add(self, test):
        name = test.id()
        self.counts[name] += 1
        if self.counts[name] > 1:
            name += '#' + str(self.counts[name])
        self[id(test)] = name, test
        return name

    def __getitem__(self, test):
        return self.get(test) or test.id()

    def get(self, test):
        return super().get(id(test), (None, None))[0]

@unittest.skip('starts processes')
class NeedsProcess(unittest.TestCase):
    pass

def without(suite, names, starts, ended):
    """The suite less the tests that have ended before, in its own nesting: fixtures go by it."""
    if not isinstance(suite, unittest.TestSuite):
        name = names.add(suite)
        return None if name in ended or name.startswith(starts) else suite
    return type(suite)(test for test in (without(part, names, starts, ended) for part in suite) if test is not None)

def run(module, left_out, ended):
    if '/cpython' not in sys.path:
        sys.path.append('/cpython')
    warnings.simplefilter('ignore')
    from test import support
    support.verbose = 0
    support.use_resources = {}
    try:
        import dbm
    except ImportError:
        sys.modules['dbm'] = types.ModuleType('dbm')  # Pyodide has none; the tests of pickle import it for a single one
    # Its import skips a whole module, for the few tests of translations, which start processes.
    translations = sys.modules['test.support.i18n_helper'] = types.ModuleType('test.support.i18n_helper')
    translations.TestTranslationsBase, translations.update_translation_snapshots = NeedsProcess, None
    names = Names()
    try:
        suite = unittest.TestSuite([unittest.defaultTestLoader.loadTestsFromName('test.' + module)])
        # A setUpClass that asks to be skipped or fails ends under a name of its own.
        without(suite, names, tuple(left_out), set(ended)).run(Result(names))
    except unittest.SkipTest as reason:
        tell(test='test.' + module, outcome='skip: ' + str(reason))
    except BaseException as error:
        tell(test='test.' + module, outcome='error: ' + type(error).__name__ + ': ' + brief(error))
    tell(done=True)
`;

/**
 * The Python text that runs the tests of one module and tells of each. The same on both sides.
 * @param module Under `Lib/test`, dotted, e.g. `test_json`, `test_json.test_scanner`.
 * @param leftOut Starts of the ids of tests that are not to be run.
 * @param ended Tests to leave out as well, for they have ended in an interpreter before.
 */
export function programFor(module: string, leftOut: readonly string[], ended: Iterable<string>): string {
  // JSON text within JSON text: a literal of Python's, too.
  return `${SOURCE}\nrun(*json.loads(${JSON.stringify(JSON.stringify([module, leftOut, [...ended]]))}))\n`;
}
