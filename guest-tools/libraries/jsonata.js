export { default } from 'jsonata';
