import { readFileSync } from 'node:fs'

const MYSQL_HEADING = '\n## MySQL and MariaDB\n'

/** The policy that docs/tools.md shows: all its yaml blocks joined, those before the heading `MySQL and MariaDB` or behind it. Throws when there are none. */
export function documentedPolicy(engine: 'PostgreSQL' | 'MySQL'): string {
  const markdown = readFileSync(new URL('../../docs/tools.md', import.meta.url), 'utf8')
  const [before, behind] = markdown.split(MYSQL_HEADING)
  const part = (engine === 'MySQL' ? behind : before) ?? ''
  const blocks = [...part.matchAll(/^```yaml\n(?<yaml>[\s\S]*?)^```$/gm)].map(({ groups }) => groups?.['yaml'] ?? '')
  if (blocks.length === 0) throw new Error(`docs/tools.md shows no policy for ${engine}`)
  return blocks.join('')
}
