/** The interpreter that packages are chosen for. */
export const PYTHON_MINOR = 14;
export const PYTHON_SHORT = `3.${PYTHON_MINOR}`;
export const PYTHON_FULL = `${PYTHON_SHORT}.2`;
