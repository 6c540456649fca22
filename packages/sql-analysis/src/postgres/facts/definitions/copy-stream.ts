import type { CopyOut } from '@gatehouse/core'
import type { DefElem } from 'libpg-query'
import type { Column } from '../lineage.ts'
import type { Spending } from '../../../facts/work.ts'
import { type Tree, listOf, literalText, stringOf, stringsOf } from '../tree.ts'

/** What is known of a COPY's options so far; null where the option was not given (the server's CopyFormatOptions). */
interface Options {
  format: 'text' | 'csv' | 'binary'
  delimiter: string | null
  nullString: string | null
  quote: string | null
  escape: string | null
  header: boolean
  /** Names of columns, or `*`. */
  forceQuote: readonly string[] | '*'
}

/** An option that is not understood: then nothing is said of the stream. */
class UnknownOption extends Error {}

/**
 * How COPY … TO STDOUT writes its rows, by its options in either syntax: the grammar gives both as one list. Manual: "COPY";
 * where it is silent, the server's ProcessCopyOptions. What the server would refuse may be taken: no row comes of it.
 */
export function readCopyOut(work: Spending, options: readonly Tree[], columns: readonly Column[]): CopyOut {
  work.spend(columns.length)
  try {
    const given = readOptions(options)
    const csv = given.format === 'csv'
    const delimiter = given.delimiter ?? (csv ? ',' : '\t')
    const nullString = given.nullString ?? (csv ? '' : '\\N')
    const quote = given.quote ?? '"'
    const escape = given.escape ?? quote
    for (const [name, character] of Object.entries({ DELIMITER: delimiter, QUOTE: quote, ESCAPE: escape }))
      if (!isOneCharacter(character)) throw new UnknownOption(`its ${name} is not one ASCII character`)
    if (given.format === 'text' && readsAsValue(nullString, delimiter))
      throw new UnknownOption(
        `NULL ${quoted(nullString)} is also how a value is written, so the two cannot be told apart (with \\N, and in csv, they can)`,
      )
    if (/[\r\n\0]|(?:^|[^\\])(?:\\\\)*\\$/.test(nullString))
      throw new UnknownOption('its NULL string runs into what stands behind it')
    return {
      stream: {
        format: given.format,
        delimiter,
        nullString,
        quote,
        escape,
        header: given.header,
        forceQuote: forced(given.forceQuote, columns),
        types: columns.map(({ lineage }) => lineage.type),
      },
      reason: null,
    }
  } catch (error) {
    if (error instanceof UnknownOption) return { stream: null, reason: error.message }
    throw error
  }
}

function readOptions(nodes: readonly Tree[]): Options {
  const options: Options = {
    format: 'text',
    delimiter: null,
    nullString: null,
    quote: null,
    escape: null,
    header: false,
    forceQuote: [],
  }
  const seen = new Set<string>()
  for (const node of nodes) {
    const option = node.DefElem
    const name = option?.defname ?? ''
    if (option === undefined || seen.has(name)) throw new UnknownOption(`its option ${name} stands there twice`)
    seen.add(name)
    readOption(options, name, option)
  }
  return options
}

function readOption(options: Options, name: string, option: DefElem): void {
  switch (name) {
    case 'format': {
      const format = textOf(name, option)
      if (format !== 'text' && format !== 'csv' && format !== 'binary')
        throw new UnknownOption(`its format ${quoted(format)} is not known`)
      options.format = format
      return
    }
    case 'delimiter':
      options.delimiter = textOf(name, option)
      return
    case 'null':
      options.nullString = textOf(name, option)
      return
    case 'quote':
      options.quote = textOf(name, option)
      return
    case 'escape':
      options.escape = textOf(name, option)
      return
    case 'header':
      options.header = readBoolean(option)
      return
    case 'force_quote':
      options.forceQuote = readColumns(option)
      return
    case 'encoding':
      // As the server reads its name: letters and digits alone count.
      if (
        !/^(?:utf8|unicode)$/.test(
          textOf(name, option)
            .toLowerCase()
            .replaceAll(/[^a-z0-9]/g, ''),
        )
      )
        throw new UnknownOption('its ENCODING is not UTF8')
      return
    default:
      throw new UnknownOption(`its option ${quoted(name)} is not known`)
  }
}

function textOf(name: string, option: DefElem): string {
  const text = stringOf(option.arg)
  if (text === null) throw new UnknownOption(`its option ${name} is not given as a string`)
  return text
}

/** As the server's defGetBoolean; `match` is for COPY FROM. */
function readBoolean(option: DefElem): boolean {
  if (option.arg === undefined) return true
  const text = literalText(option.arg)?.toLowerCase()
  if (text === 'true' || text === 'on' || text === '1') return true
  if (text === 'false' || text === 'off' || text === '0') return false
  throw new UnknownOption('its HEADER is neither true nor false')
}

function readColumns(option: DefElem): readonly string[] | '*' {
  const argument: Tree | undefined = option.arg
  if (argument?.A_Star !== undefined) return '*'
  if (argument?.List === undefined) throw new UnknownOption('its FORCE_QUOTE is not a list of columns')
  const names = stringsOf(argument.List.items)
  if (names.length !== listOf(argument.List.items).length)
    throw new UnknownOption('its FORCE_QUOTE is not a list of columns')
  return names
}

/** The first column of each name, as the server finds it. */
function forced(names: readonly string[] | '*', columns: readonly Column[]): readonly boolean[] {
  if (names === '*') return columns.map(() => true)
  const wanted = new Set(names)
  return columns.map(({ name }) => name !== null && wanted.delete(name))
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 && text > '\0' && text <= '\x7f' && text !== '\n' && text !== '\r'
}

/** Letters that stand for a control character behind a backslash: the server's CopyAttributeOutText. */
const CONTROLS: Readonly<Record<string, string>> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' }

/**
 * True when some value is written as this very text, so that NULL and the value look alike: with such a NULL string, who reads
 * a masked column could ask which rows hold a value of choice.
 */
function readsAsValue(nullString: string, delimiter: string): boolean {
  const letters = new Set(Object.values(CONTROLS))
  for (let at = 0; at < nullString.length; at++) {
    const character = nullString[at] ?? ''
    if (character === '\\') {
      const escaped = nullString[++at] ?? ''
      if (escaped !== '\\' && escaped !== delimiter && !letters.has(escaped)) return false
    } else if (character === delimiter || character in CONTROLS) return false
  }
  return true
}

/** At most this much of a text is said in a refusal. */
const SAID_CHARACTERS = 40

function quoted(text: string): string {
  return JSON.stringify(text.length > SAID_CHARACTERS ? `${text.slice(0, SAID_CHARACTERS)}…` : text)
}
