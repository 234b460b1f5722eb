/** Modules whose package has another name, as Pyodide's lock and the index have it. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ['attr', 'attrs'],
  ['bs4', 'beautifulsoup4'],
  ['Bio', 'biopython'],
  ['Crypto', 'pycryptodome'],
  ['cv2', 'opencv-python'],
  ['dateutil', 'python-dateutil'],
  ['dns', 'dnspython'],
  ['docx', 'python-docx'],
  ['dotenv', 'python-dotenv'],
  ['jose', 'python-jose'],
  ['jwt', 'pyjwt'],
  ['markdown_it', 'markdown-it-py'],
  ['mpl_toolkits', 'matplotlib'],
  ['nacl', 'pynacl'],
  ['PIL', 'pillow'],
  ['pptx', 'python-pptx'],
  ['pylab', 'matplotlib'],
  ['pywt', 'pywavelets'],
  ['ruamel', 'ruamel.yaml'],
  ['skimage', 'scikit-image'],
  ['sklearn', 'scikit-learn'],
  ['slugify', 'python-slugify'],
  ['yaml', 'pyyaml'],
]);

/** The package that brings a module, where it is known; else most likely one of its name. */
export const packageOfModule = (module: string): string =>
  PACKAGES.get(module) ?? module.replaceAll('_', '-');
