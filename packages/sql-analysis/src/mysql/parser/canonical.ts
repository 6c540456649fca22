import { Buffer, isUtf8 } from 'node:buffer'
import { spellingNumber } from '../lexer/keywords.ts'
import { TextError } from '../lexer/text-error.ts'
import type { Tokens } from '../lexer/tokens.ts'

/**
 * The tokens of a text, each as written, with one space where there was anything between two of them and none where there was not: what the
 * server reads in it and nothing else. Comments are gone, those that run are opened, hints stay. Two minuses stand apart: with a space behind them they were a comment.
 * @throws {TextError} BAD_ENCODING when it is no UTF-8
 */
export function canonicalText(bytes: Uint8Array, tokens: Tokens): Buffer {
  let length = 0
  for (let at = 0; at < tokens.count; at++) length += (tokens.ends[at] ?? 0) - (tokens.starts[at] ?? 0) + 1
  const text = Buffer.allocUnsafe(length)
  let written = 0
  for (let at = 0; at < tokens.count; at++) {
    const start = tokens.starts[at] ?? 0
    const end = tokens.ends[at] ?? 0
    if (at > 0 && (tokens.ends[at - 1] !== start || (isMinus(tokens, at) && isMinus(tokens, at - 1))))
      text[written++] = 0x20
    text.set(bytes.subarray(start, end), written)
    written += end - start
  }
  const made = text.subarray(0, written)
  if (!isUtf8(made))
    throw new TextError('BAD_ENCODING', tokens.starts[0] ?? 0, 'a text with comments that is not UTF-8')
  return made
}

const MINUS = spellingNumber('-')

function isMinus(tokens: Tokens, at: number): boolean {
  return tokens.spellings[at] === MINUS
}
