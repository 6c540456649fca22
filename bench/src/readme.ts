import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const README = join(import.meta.dirname, '..', 'README.md')
const BEGIN = '<!-- results: written by --write-readme -->'
const END = '<!-- end of results -->'

/** Puts `markdown` between the markers of bench/README.md. Throws when they are not there. */
export function writeReadme(markdown: string, file: string = README): void {
  writeFileSync(file, between(readFileSync(file, 'utf8'), markdown))
}

/** `text` with `markdown` between its markers. Throws when they are not there, once and in order. */
export function between(text: string, markdown: string): string {
  const begin = text.indexOf(BEGIN)
  const end = text.indexOf(END)
  if (begin < 0 || end < begin || text.includes(BEGIN, begin + 1))
    throw new Error('the README has no place for results')
  return `${text.slice(0, begin + BEGIN.length)}\n\n${markdown.trim()}\n\n${text.slice(end)}`
}
