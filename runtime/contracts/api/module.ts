/** What an upload is told of its module. */
export interface ModuleInfo {
  readonly kind: 'component' | 'module';
  readonly exports: readonly string[];
}
