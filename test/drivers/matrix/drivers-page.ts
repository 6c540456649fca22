import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { Driver, Source } from './driver.ts'
import { type Cell, MYSQL_WAYS, POSTGRES_WAYS } from './login-ways.ts'
import { MYSQL_DRIVERS } from './mysql-drivers.ts'
import { POSTGRES_DRIVERS } from './postgres-drivers.ts'

/** The parts of docs/drivers.md that are written from the matrix, by the name of their mark. */
export function writtenParts(): Readonly<Record<string, string>> {
  return {
    'PostgreSQL, ways in': table(POSTGRES_DRIVERS, POSTGRES_WAYS),
    'PostgreSQL, connections': connections(POSTGRES_DRIVERS),
    'MySQL, ways in': table(MYSQL_DRIVERS, MYSQL_WAYS),
    'MySQL, connections': connections(MYSQL_DRIVERS),
  }
}

/** The page with these parts between their marks. Throws where it has no place for one. */
export function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  let text = page
  for (const [name, part] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name}: written from the matrix -->\n`, `<!-- end of ${name} -->`]
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from === -1 || to < from) throw new Error(`the page has no place for ${name}`)
    text = `${text.slice(0, from)}${begin}\n${part}\n\n${text.slice(to)}`
  }
  return text
}

/** A row for each driver, a column for each way; why not stands below, numbered. */
function table<Way extends string>(drivers: readonly Driver<Way>[], ways: Readonly<Record<Way, string>>): string {
  const names = Object.keys(ways) as Way[]
  const reasons: string[] = []
  const written = (cell: Cell | undefined): string => {
    if (cell === undefined) return '–'
    if (cell.kind === 'yes') return 'yes'
    if (!reasons.includes(cell.reason)) reasons.push(cell.reason)
    return `${cell.before === null ? 'no' : 'yes, but'} (${String(reasons.indexOf(cell.reason) + 1)})`
  }
  const lines = [
    ['driver', ...names.map((way) => ways[way])],
    ['---', ...names.map(() => '---')],
    ...drivers.map((driver) => [driver.name, ...names.map((way) => written(driver.ways[way]))]),
  ]
  const rows = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  return `${rows}\n\n${reasons.map((reason, at) => `${String(at + 1)}. ${reason}.`).join('\n')}`
}

/** Each connection, under the names of the drivers whose it is. */
function connections(drivers: readonly Driver<string>[]): string {
  const sections = new Map<string, string[]>()
  for (const { name, source } of drivers) {
    const text = shown(source)
    sections.set(text, [...(sections.get(text) ?? []), name])
  }
  return [...sections].map(([text, names]) => `### ${names.join(', ')}\n\n${text}`).join('\n\n')
}

const LANGUAGES: Readonly<Record<string, string>> = {
  '.mjs': 'js',
  '.py': 'python',
  '.sh': 'sh',
  '.java': 'java',
  '.go': 'go',
}

/** What stands between the marks of a program, as a block of code. */
function shown({ file, part }: Source): string {
  const lines = readFileSync(new URL(`programs/${file}`, import.meta.url), 'utf8').split('\n')
  const mark = part === null ? 'shown: begin' : `shown: begin ${part}`
  const begin = lines.findIndex((line) => line.endsWith(mark))
  const length = lines.slice(begin).findIndex((line) => line.endsWith('shown: end'))
  if (begin === -1 || length === -1) throw new Error(`${file} does not say what is shown of it`)
  const code = lines.slice(begin + 1, begin + length)
  const indent = Math.min(...code.filter((line) => line !== '').map((line) => line.length - line.trimStart().length))
  return `\`\`\`${LANGUAGES[extname(file)] ?? ''}\n${code.map((line) => line.slice(indent)).join('\n')}\n\`\`\``
}
