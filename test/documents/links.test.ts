import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { lexer, type Token, type Tokens, walkTokens } from 'marked'
import { expect, test } from 'vitest'
import { Anchors } from '@gatehouse/site'
import { ROOT } from './markdown-blocks.ts'

const pages = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'deploy/**/*.md'], {
  cwd: ROOT,
  exclude: (path) => path === 'node_modules',
}).toSorted()

/** The anchors that a page's headings have, on a code host and on the site. */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Anchors()
  const headings = lexer(readFileSync(join(ROOT, page), 'utf8')).filter(
    (token): token is Tokens.Heading => token.type === 'heading',
  )
  return new Set(headings.map(({ tokens }) => anchors.of(tokens.map(inlineText).join(''))))
}

function inlineText(token: Token): string {
  const inner = (token as Tokens.Strong).tokens
  return inner === undefined ? (token as Tokens.Text).text : inner.map(inlineText).join('')
}

/** Every address that a page links to or shows a picture from. */
function targetsOf(page: string): readonly string[] {
  const targets: string[] = []
  void walkTokens(lexer(readFileSync(join(ROOT, page), 'utf8')), (token) => {
    if (token.type === 'link' || token.type === 'image') targets.push((token as Tokens.Link).href)
  })
  return targets
}

function faultOf(page: string, target: string): string | null {
  if (/^(?:https?|mailto):/.test(target)) return null
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : posix.normalize(posix.join(posix.dirname(page), path))
  if (!existsSync(join(ROOT, file))) return `${target}: there is no ${file}`
  if (anchor === undefined) return null
  if (!file.endsWith('.md') || statSync(join(ROOT, file)).isDirectory()) return `${target}: only pages have anchors`
  return anchorsOf(file).has(anchor) ? null : `${target}: ${file} has no such heading`
}

test.each(pages)('every link in %s leads somewhere', (page) => {
  expect(targetsOf(page).flatMap((target) => faultOf(page, target) ?? [])).toEqual([])
})

test('a link to a page, a heading or a picture that is not there is found', () => {
  const faults = ['nowhere.md', 'policy.md#nothing', '#nothing', 'screenshots/none.png'].map((target) =>
    faultOf('docs/tls.md', target),
  )
  expect(faults).not.toContain(null)
  expect(faultOf('docs/tls.md', 'policy.md#tests')).toBe(null)
})
