import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { START_MILLISECONDS } from '../harness/development.ts'
import { accountOf } from './account.ts'
import { type Block, blocksOf, documentPages, placeOf } from './markdown-blocks.ts'
import { ReaderMachine } from './reader-machine.ts'

const { postgres18, mysql9 } = inject('servers')
const run = documentPages()
  .flatMap((page) => blocksOf(page))
  .filter((block) => accountOf(block).kind === 'run')
const named = (language: string): (readonly [string, Block])[] =>
  run.filter((block) => block.language === language).map((block) => [placeOf(block), block])

/** Each command is a process, which takes its time where others have the machine. */
const BLOCK_MILLISECONDS = 120_000

describe.skipIf('absent' in postgres18)(
  'what the documents tell a reader to type',
  { timeout: BLOCK_MILLISECONDS },
  () => {
    let machine: ReaderMachine

    beforeAll(async () => {
      machine = await ReaderMachine.start(!('absent' in mysql9))
    }, START_MILLISECONDS)

    afterAll(() => machine.stop())

    test.for(named('sh'))('%s', async ([, { text }], { skip }) => {
      const lacking = machine.lacks(text)
      if (lacking !== null) {
        skip(lacking)
        return
      }
      let exported = ''
      for (const command of commandsOf(text)) {
        const { status, said } = await machine.run(exported + command)
        expect(status, `${command}\n${said}`).toBe(0)
        if (command.startsWith('export ')) exported += `${command}\n`
      }
    })

    test('README.md shows a refusal as psql shows it', async () => {
      const refusal = blocksOf('README.md').find(({ text }) => text.startsWith('ERROR:'))?.text ?? ''
      const { said } = await machine.run(`psql "$AGENT" -c 'select * from employees' || true`)
      expect(said).toBe(refusal)
    })

    test.each(named('sql'))('%s', async (_, { text }) => {
      for (const { sql, wanted } of statementsOf(text))
        expect({ sql, became: await machine.send(sql) }).toEqual({ sql, became: wanted })
    })
  },
)

/** The commands of a shell block, one by one; a line that ends in a backslash goes on. What `npm start` starts runs already. */
function commandsOf(text: string): readonly string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && !/^npm start\b/.test(line))
}

/** The statements of a block, one a line, with what the comment behind each says becomes of it. */
function statementsOf(text: string): readonly { readonly sql: string; readonly wanted: 'ran' | 'held' | 'refused' }[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [, sql = '', said = ''] = /^(.*?;)\s*(?:--\s*(.*))?$/.exec(line) ?? []
      return { sql, wanted: said.startsWith('held') ? 'held' : said.startsWith('refused') ? 'refused' : 'ran' }
    })
}
