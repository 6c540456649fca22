import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineName } from './engine.ts'

const README = join(import.meta.dirname, '..', 'README.md')
const begins = (engine: EngineName): string => `<!-- results of ${engine}: written by --write-readme -->`
const ends = (engine: EngineName): string => `<!-- end of results of ${engine} -->`

/** Puts `markdown` between the engine's markers of bench/README.md. Throws when they are not there. */
export function writeReadme(engine: EngineName, markdown: string, file: string = README): void {
  writeFileSync(file, between(readFileSync(file, 'utf8'), engine, markdown))
}

/** `text` with `markdown` between the engine's markers. Throws when they are not there, once and in order. */
export function between(text: string, engine: EngineName, markdown: string): string {
  const mark = begins(engine)
  const begin = text.indexOf(mark)
  const end = text.indexOf(ends(engine))
  if (begin < 0 || end < begin || text.includes(mark, begin + 1)) throw new Error('the README has no place for results')
  return `${text.slice(0, begin + mark.length)}\n\n${markdown.trim()}\n\n${text.slice(end)}`
}
