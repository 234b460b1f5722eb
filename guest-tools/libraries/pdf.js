export { extractText, getDocumentProxy, getMeta } from 'unpdf';
