import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, ROOT } from './markdown-blocks.ts'

/** What is done about a block; `problem` where nothing is, or what its remark says is not so. */
export type Account =
  | { readonly kind: 'run' }
  | { readonly kind: 'checked' }
  | { readonly kind: 'tested'; readonly by: string }
  | { readonly kind: 'not run'; readonly why: string }
  | { readonly kind: 'problem'; readonly what: string }

/** Languages whose blocks are run (`commands.test.ts`), and those that are read by what reads them for real (`settings.test.ts`). */
const RUN = ['sh', 'sql']
const CHECKED = ['yaml', 'json']

/**
 * What is done about a block: what the remark before it says (`tested by FILE`, `not run: REASON`), else by its language. A test that is
 * named must be there, and name the page.
 */
export function accountOf(block: Block): Account {
  const [, why] = /^not run:\s*(\S[^]*)$/.exec(block.remark ?? '') ?? []
  if (why !== undefined) return { kind: 'not run', why }
  const [, by] = /^tested by\s+(\S+)$/.exec(block.remark ?? '') ?? []
  if (by !== undefined) return testedBy(block, by)
  if (RUN.includes(block.language)) return { kind: 'run' }
  if (CHECKED.includes(block.language)) return { kind: 'checked' }
  return {
    kind: 'problem',
    what: `is neither run nor checked: put \`<!-- tested by FILE -->\` or \`<!-- not run: REASON -->\` before it`,
  }
}

function testedBy({ page }: Block, by: string): Account {
  if (!existsSync(join(ROOT, by))) return { kind: 'problem', what: `${by} is not there` }
  const source = readFileSync(join(ROOT, by), 'utf8')
  const name = page.slice(page.lastIndexOf('/') + 1)
  return source.includes(name) ? { kind: 'tested', by } : { kind: 'problem', what: `${by} does not name ${name}` }
}
