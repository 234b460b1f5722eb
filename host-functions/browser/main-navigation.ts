import type { Request } from 'playwright-core';

/** Whether a request is a page going somewhere, not a frame of it. The first request of a page that another one opens has no frame yet. */
export function isMainNavigation(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return request.frame().parentFrame() === null;
  } catch {
    return false; // its page is not there yet, or no longer: nobody looks at it
  }
}
