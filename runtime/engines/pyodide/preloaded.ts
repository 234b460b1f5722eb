/** Modules of the standard library that every interpreter has from its start; a test compares them with the interpreter's own. */
export const PRELOADED: ReadonlySet<string> = new Set(
  `
__future__ _collections_abc _colorize _markupbase _opcode_metadata _py_warnings _pyodide _pyodide._base _pyodide._core_docs
_pyodide._future_helper _pyodide._importhook _pyodide.docs_argspec _pyodide.docstring _pyodide.jsbind _sitebuiltins _ssl
_sysconfigdata__emscripten_wasm32-emscripten _threading_local _weakrefset abc annotationlib argparse ast asyncio asyncio.base_events
asyncio.base_futures asyncio.base_subprocess asyncio.base_tasks asyncio.constants asyncio.coroutines asyncio.events asyncio.exceptions
asyncio.format_helpers asyncio.futures asyncio.graph asyncio.locks asyncio.log asyncio.mixins asyncio.protocols asyncio.queues
asyncio.runners asyncio.selector_events asyncio.sslproto asyncio.staggered asyncio.streams asyncio.subprocess asyncio.taskgroups
asyncio.tasks asyncio.threads asyncio.timeouts asyncio.transports asyncio.trsock asyncio.unix_events base64 bisect bz2 calendar codecs
codeop collections compression compression._common compression._common._streams compression.zstd compression.zstd._zstdfile concurrent
concurrent.futures concurrent.futures._base concurrent.futures.thread configparser contextlib contextvars copy copyreg csv ctypes
ctypes._endian dataclasses datetime decimal difflib dis email email._encoded_words email._parseaddr email._policybase email.base64mime
email.charset email.encoders email.errors email.feedparser email.header email.iterators email.message email.parser email.quoprimime
email.utils encodings encodings.aliases encodings.utf_8 enum fnmatch fractions functools genericpath gettext glob gzip hashlib heapq hmac
html html.entities html.parser http http.client http.cookiejar importlib importlib._abc importlib._bootstrap importlib._bootstrap_external
importlib.abc importlib.machinery importlib.metadata importlib.metadata._collections importlib.metadata._functools
importlib.metadata._itertools importlib.metadata._meta importlib.resources importlib.resources._common importlib.resources._functional
importlib.resources.abc importlib.util inspect io ipaddress json json.decoder json.encoder json.scanner keyword linecache locale logging
lzma ntpath numbers opcode operator os pathlib pathlib._os posixpath pprint pyodide pyodide._package_loader pyodide._state pyodide.code
pyodide.common pyodide.ffi pyodide.http pyodide.http._exceptions pyodide.http._pyfetch pyodide.http.pyxhr pyodide.webloop queue quopri
random re re._casefix re._compiler re._constants re._parser reprlib secrets selectors shlex shutil signal site socket ssl stat statistics
string struct subprocess sysconfig tempfile textwrap threading token tokenize traceback types typing urllib urllib.error urllib.parse
urllib.request urllib.response uuid warnings weakref webbrowser xml xml.etree xml.etree.ElementPath xml.etree.ElementTree zipfile
zipfile._path zipfile._path.glob zipimport zoneinfo zoneinfo._common zoneinfo._tzpath
`
    .trim()
    .split(/\s+/),
);
