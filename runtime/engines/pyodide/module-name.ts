/** Name of the interpreter's compiled module in a guest's `modules`. */
export const MODULE_NAME = 'pyodide';
