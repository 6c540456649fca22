/** Which schemas are wanted: `*` in a pattern stands for any characters, everything else for itself. No pattern: all. */
export function schemaFilter(patterns: readonly string[]): (schema: string) => boolean {
  if (patterns.length === 0) return () => true
  const tests = patterns.map((pattern) => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}/-]/g, '\\$&'))
    return new RegExp(`^${parts.join('.*')}$`, 's')
  })
  return (schema) => tests.some((test) => test.test(schema))
}
