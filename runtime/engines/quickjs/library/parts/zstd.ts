export { decompress } from 'fzstd';
