import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from '@gatehouse/cli/command-line'
import { lexer, type Tokens, walkTokens } from 'marked'
import { expect, test } from 'vitest'
import { blocksOf, documentPages, ROOT } from './markdown-blocks.ts'

// Commands that are run are run (commands.test.ts). Here are those that pages name in passing: in a sentence, a table, a block that cannot be run.
const program = await commandLine('')
type Command = typeof program

/** Texts of a page that begin with the command's name. */
function namedIn(page: string): readonly string[] {
  const named: string[] = []
  void walkTokens(lexer(readFileSync(join(ROOT, page), 'utf8')), (token) => {
    if (token.type === 'codespan') named.push((token as Tokens.Codespan).text)
  })
  for (const { text, language } of blocksOf(page))
    if (['sh', 'yaml', 'text'].includes(language))
      for (const line of text.split('\n')) named.push(line.trim().replace(/^- (?:run: )?/, ''))
  return named
    .map((text) => text.replace(/^npm run -s gatehouse -- /, 'gatehouse '))
    .filter((text) => /^gatehouse [a-z]/.test(text))
}

/** What is wrong with the command's name or its options; null: nothing. What stands behind ` -- ` or in place of a value is not looked at. */
function faultOf(text: string): string | null {
  const [own = ''] = text.split(/ -- | #|\|(?= )/)
  const [, ...words] = own.trim().split(/\s+/)
  let command: Command = program
  while (command.commands.length > 0) {
    const name = words[0] ?? ''
    // `gatehouse audit` names the whole family; `search`, `replay` and other words may follow in a sentence of their own.
    if (!/^[a-z]/.test(name)) break
    const found = command.commands.find((one) => one.name() === name || one.aliases().includes(name))
    if (found === undefined) return `there is no ${command.name()} ${name}`
    command = found
    words.shift()
  }
  for (const word of words) {
    const [, option] = /^(--[a-z][a-z-]*)/.exec(word) ?? []
    if (option !== undefined && option !== '--help' && command.options.every(({ long }) => long !== option))
      return `${command.name()} has no ${option}`
  }
  return null
}

test.each(documentPages())('the commands that %s names exist, with their options', (page) => {
  expect(
    namedIn(page).flatMap((text) => (faultOf(text) === null ? [] : [`${text}: ${String(faultOf(text))}`])),
  ).toEqual([])
})

test('a command or an option that there is not is found', () => {
  expect(faultOf('gatehouse audit proof DIR')).toBe('there is no audit proof')
  expect(faultOf('gatehouse token --target shop --usages 3')).toBe('token has no --usages')
  expect(faultOf('gatehouse exec --target shop -- psql --no-such')).toBe(null)
})
