import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lexer, type Token, type Tokens } from 'marked'

/** The folder of the repository. */
export const ROOT: string = join(import.meta.dirname, '../..')

/** A fenced block of a page. */
export interface Block {
  /** The page, from the repository's folder: `docs/tls.md`. */
  readonly page: string
  /** Which line the fence stands in, from 1. */
  readonly line: number
  /** What stands behind the fence; empty where nothing does. */
  readonly language: string
  readonly text: string
  /** The HTML comment directly before it, without its marks; else the page's own `every block is …`; null where there is neither. */
  readonly remark: string | null
}

/** The pages whose blocks must all be accounted for, README first. */
export function documentPages(): readonly string[] {
  return ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT }).toSorted()]
}

/** Every fenced block of a page, in order; also those within lists. */
export function blocksOf(page: string): readonly Block[] {
  const source = readFileSync(join(ROOT, page), 'utf8')
  const blocks: Block[] = []
  const [, ofPage = null] = /^<!-- every block is (.+) -->$/m.exec(source) ?? []
  let remark: string | null = null
  const lines = source.split('\n')
  let last = -1
  const walk = (tokens: readonly Token[]): void => {
    for (const token of tokens) {
      if (token.type === 'space') continue
      if (token.type === 'code' && 'lang' in token) {
        // The text of a block may stand in the page twice: each is looked for behind the one before. In a list it is indented.
        const [fence = '', first = ''] = token.raw.split('\n').map((one) => one.trim())
        const at = lines.findIndex(
          (one, line) => line > last && one.trim() === fence && lines[line + 1]?.trim() === first,
        )
        last = at
        const line = at + 1
        const { lang: language = '', text } = token as Tokens.Code
        blocks.push({ page, line, language, text: `${text}\n`, remark: remark ?? ofPage })
      }
      remark = token.type === 'html' ? (/^<!--\s*([^]*?)\s*-->\s*$/.exec(token.raw)?.[1] ?? null) : null
      if (token.type === 'list') for (const item of (token as Tokens.List).items) walk(item.tokens)
    }
  }
  walk(lexer(source))
  return blocks
}

/** Where a block stands, to click on. */
export function placeOf({ page, line }: Pick<Block, 'page' | 'line'>): string {
  return `${page}:${String(line)}`
}
