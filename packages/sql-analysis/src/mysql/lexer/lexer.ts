import type { Dialect } from '../dialect.ts'
import { isDigit, isNameEncoding, isSpace, isVariableByte, isWordByte, nameFault } from './byte-classes.ts'
import { isCharacterSet } from './character-sets.ts'
import { comparison, comparisonOfMariadb } from './comparisons.ts'
import { commentEnd, dollarStringEnd, hintStart } from './enclosed.ts'
import { executableComment } from './executable-comments.ts'
import { hashStep, keywordNumber, spellingNumber, SYMBOL_NUMBERS } from './keywords.ts'
import { scanDigitString, scanFraction, scanNumber } from './numbers.ts'
import { TextError } from './text-error.ts'
import { TokenKind, type Tokens } from './tokens.ts'

/** Spelling numbers of the symbols that are one byte and nothing longer. */
const single = new Uint16Array(256)
for (const spelling of ['(', ')', ',', ';', '*', '+', '%', '^', '~', '{', '}', '?'] as const)
  single[spelling.charCodeAt(0)] = SYMBOL_NUMBERS[spelling]
/** Verbs behind which an optimizer hint may stand. */
const hinted = new Set(['select', 'insert', 'replace', 'update', 'delete'].map(spellingNumber))

const latin1 = new TextDecoder('latin1')

/**
 * Reads a text into tokens exactly as the server's scanner would. Linear; no string is made but for introducers.
 * Bytes are ASCII-compatible, in a character set in which no byte of a longer character is ASCII (UTF-8, latin1 …; never gbk, big5, sjis …).
 * MySQL manual, "Language Structure".
 * @throws {TextError}
 */
export class Lexer {
  #bytes: Uint8Array = new Uint8Array()
  #end = 0
  #at = 0
  #inExecutableComment = false
  #tokens: Tokens
  #dialect: Dialect
  #maxTokens: number

  constructor(tokens: Tokens, dialect: Dialect, maxTokens: number) {
    this.#tokens = tokens
    this.#dialect = dialect
    this.#maxTokens = maxTokens
  }

  /** Fills the tokens from start..end of the bytes. */
  read(bytes: Uint8Array, start: number, end: number): void {
    const tokens = this.#tokens
    tokens.clear()
    this.#bytes = bytes
    this.#end = end
    this.#at = start
    this.#inExecutableComment = false
    while (this.#at < end) {
      const byte = bytes[this.#at] ?? 0
      if (isSpace(byte)) this.#space()
      else if (isWordByte(byte)) this.#word(byte)
      else {
        const number = single[byte] ?? 0
        if (number === 0) this.#other(byte)
        else if (byte === 0x3f && isWordByte(this.#peek(1))) throw this.#error('unexpected ?')
        else if (byte === 0x2a && this.#inExecutableComment && this.#peek(1) === 0x2f) {
          this.#inExecutableComment = false
          this.#at += 2
        } else this.#symbol(number, 1)
      }
      if (tokens.count > this.#maxTokens)
        throw new TextError('TOO_COMPLEX', this.#at, `more than ${this.#maxTokens} tokens`)
    }
    // A comment that runs and is not closed is an error of both servers.
    if (this.#inExecutableComment) throw this.#error('unterminated executable comment')
    tokens.push(TokenKind.end, 0, end, end)
    tokens.count--
  }

  /** The byte `ahead` of the current one; 0 behind the end. */
  #peek(ahead: number): number {
    const at = this.#at + ahead
    return at < this.#end ? (this.#bytes[at] ?? 0) : 0
  }

  #error(message: string): TextError {
    return new TextError('SYNTAX_ERROR', this.#at, message)
  }

  #symbol(number: number, length: number): void {
    this.#tokens.push(TokenKind.symbol, number, this.#at, this.#at + length)
    this.#at += length
  }

  #space(): void {
    const byte = this.#bytes[this.#at]
    if (byte === 0x0b || byte === 0x0c) this.#tokens.irregular = true
    this.#at++
  }

  #other(byte: number): void {
    switch (byte) {
      case 0x27:
        return this.#quoted(TokenKind.string, byte, this.#at)
      case 0x22:
        return this.#quoted(this.#dialect.ansiQuotes ? TokenKind.quotedName : TokenKind.string, byte, this.#at)
      case 0x60:
        return this.#quoted(TokenKind.quotedName, byte, this.#at)
      case 0x2e:
        return this.#dot()
      case 0x23:
        return this.#lineComment()
      case 0x2d:
        return this.#minus()
      case 0x2f:
        return this.#peek(1) === 0x2a ? this.#comment() : this.#symbol(SYMBOL_NUMBERS['/'], 1)
      case 0x40:
        return this.#atSign()
      case 0x3c:
      case 0x3d:
      case 0x3e:
      case 0x21:
        return this.#comparison(byte)
      case 0x26:
        return this.#peek(1) === byte ? this.#symbol(SYMBOL_NUMBERS['&&'], 2) : this.#symbol(SYMBOL_NUMBERS['&'], 1)
      case 0x7c:
        return this.#peek(1) === byte ? this.#symbol(SYMBOL_NUMBERS['||'], 2) : this.#symbol(SYMBOL_NUMBERS['|'], 1)
      case 0x3a:
        return this.#peek(1) === 0x3d ? this.#symbol(SYMBOL_NUMBERS[':='], 2) : this.#symbol(SYMBOL_NUMBERS[':'], 1)
      case 0x5c:
        if (this.#dialect.flavour === 'mariadb' && this.#peek(1) === 0x4e) return this.#symbol(SYMBOL_NUMBERS['\\N'], 2)
        throw this.#error('unexpected \\')
      case 0x00:
        throw new TextError('BAD_ENCODING', this.#at, 'a NUL byte outside of a string')
      default:
        throw this.#error('unexpected character')
    }
  }

  #comparison(byte: number): void {
    const read = this.#dialect.flavour === 'mariadb' ? comparisonOfMariadb : comparison
    const operator = read(byte, this.#peek(1), this.#peek(2))
    if (operator === null) throw this.#error('unknown operator')
    this.#symbol(SYMBOL_NUMBERS[operator], operator.length)
  }

  #minus(): void {
    const next = this.#peek(1)
    if (next === 0x2d) {
      const third = this.#peek(2)
      // White space or a control character makes it a comment; the text's end does as well.
      if (third <= 0x20 || third === 0x7f) return this.#lineComment()
    }
    if (next === 0x3e && this.#dialect.flavour === 'mysql')
      return this.#peek(2) === 0x3e ? this.#symbol(SYMBOL_NUMBERS['->>'], 3) : this.#symbol(SYMBOL_NUMBERS['->'], 2)
    this.#symbol(SYMBOL_NUMBERS['-'], 1)
  }

  /** `#` and `-- `: to the line feed. A carriage return alone does not end it. */
  #lineComment(): void {
    this.#tokens.irregular = true
    const bytes = this.#bytes
    while (this.#at < this.#end && bytes[this.#at] !== 0x0a) {
      if (bytes[this.#at] === 0) throw new TextError('BAD_ENCODING', this.#at, 'a NUL byte in a comment')
      this.#at++
    }
  }

  #comment(): void {
    this.#tokens.irregular = true
    const content = executableComment(this.#bytes, this.#at, this.#end, this.#dialect)
    if (content >= 0) {
      this.#inExecutableComment = true
      this.#at = content
      return
    }
    // A comment that its version keeps from running may hold comments; a plain one may not.
    const nests = content < -1
    const close = commentEnd(this.#bytes, nests ? -content - 1 : this.#at + 2, this.#end, nests)
    if (close === -2) throw new TextError('BAD_ENCODING', this.#at, 'a NUL byte in a comment')
    if (close < 0) throw this.#error('unterminated comment')
    this.#at = close
  }

  /** A string or quoted name that begins at `start` (an introducing letter included) and whose quote stands at the current byte. */
  #quoted(kind: number, quote: number, start: number): void {
    const bytes = this.#bytes
    const escapes = kind !== TokenKind.quotedName && !this.#dialect.noBackslashEscapes
    const nameKind = kind === TokenKind.quotedName
    let wide = false
    let at = this.#at + 1
    for (; at < this.#end; at++) {
      const byte = bytes[at] ?? 0
      if (byte === quote) {
        if (bytes[at + 1] !== quote || at + 1 >= this.#end) break
        at++
      } else if (byte === 0x5c && escapes) at++
      else if (byte >= 0x80) wide = true
      else if (byte === 0 && nameKind) throw new TextError('BAD_ENCODING', at, 'a NUL byte in a name')
    }
    if (at >= this.#end) throw this.#error('unterminated quote')
    if (nameKind) {
      if (at === this.#at + 1) throw this.#error('empty name')
      if (wide && !isNameEncoding(bytes, this.#at, at))
        throw new TextError('BAD_ENCODING', this.#at, nameFault(this.#bytes, this.#at, at))
    }
    this.#at = at + 1
    this.#tokens.push(kind, 0, start, this.#at)
  }

  #dot(): void {
    if (isDigit(this.#peek(1))) return this.#scanned(scanFraction(this.#bytes, this.#at + 1, this.#end))
    if (this.#dialect.flavour === 'mariadb' && this.#peek(1) === 0x2e) return this.#symbol(SYMBOL_NUMBERS['..'], 2)
    this.#symbol(SYMBOL_NUMBERS['.'], 1)
    // What follows a dot at once is a name, whatever word it is, and may begin with a digit.
    if (isWordByte(this.#peek(0))) this.#nameFrom()
  }

  #nameFrom(): void {
    const start = this.#at
    const end = this.#wordEnd(start)
    this.#tokens.push(TokenKind.name, 0, start, end)
    this.#at = end
    this.#nameDot()
  }

  /** A dot right behind an unquoted name, with a name right behind it: both belong to the name. */
  #nameDot(): void {
    if (this.#peek(0) === 0x2e && isWordByte(this.#peek(1))) {
      this.#symbol(SYMBOL_NUMBERS['.'], 1)
      this.#nameFrom()
    }
  }

  #checkName(start: number, end: number): void {
    if (!isNameEncoding(this.#bytes, start, end))
      throw new TextError('BAD_ENCODING', start, nameFault(this.#bytes, start, end))
  }

  /** Where the word that begins at `start` ends; checks its encoding. */
  #wordEnd(start: number): number {
    const bytes = this.#bytes
    let at = start
    while (at < this.#end && isWordByte(bytes[at])) at++
    this.#checkName(start, at)
    return at
  }

  #word(first: number): void {
    const bytes = this.#bytes
    const start = this.#at
    if (isDigit(first)) return this.#scanned(scanNumber(bytes, start, this.#end))
    if (this.#peek(1) === 0x27) {
      const letter = first | 0x20
      if (letter === 0x78) return this.#scanned(scanDigitString(bytes, start, this.#end, TokenKind.hexString))
      if (letter === 0x62) return this.#scanned(scanDigitString(bytes, start, this.#end, TokenKind.bitString))
      if (letter === 0x6e) {
        this.#at++
        return this.#quoted(TokenKind.nationalString, 0x27, start)
      }
    }
    if (first === 0x24 && this.#dialect.flavour === 'mysql' && this.#dialect.version >= 90000 && this.#dollarString())
      return
    let hash = 0
    let at = start
    let wide = false
    for (; at < this.#end; at++) {
      const byte = bytes[at] ?? 0
      if (!isWordByte(byte)) break
      if (byte >= 0x80) wide = true
      hash = hashStep(hash, byte)
    }
    if (wide) this.#checkName(start, at)
    this.#at = at
    if (bytes[at] === 0x2e && at + 1 < this.#end && isWordByte(bytes[at + 1])) {
      this.#tokens.push(TokenKind.name, 0, start, at)
      return this.#nameDot()
    }
    if (first === 0x5f && isCharacterSet(latin1.decode(bytes.subarray(start + 1, at))))
      return this.#tokens.push(TokenKind.introducer, 0, start, at)
    const number = wide ? 0 : keywordNumber(bytes, start, at, hash)
    this.#tokens.push(TokenKind.word, number, start, at)
    if (hinted.has(number) && this.#dialect.flavour === 'mysql') this.#hint()
  }

  #hint(): void {
    const start = hintStart(this.#bytes, this.#at, this.#end)
    if (start < 0) return
    this.#tokens.irregular = true
    this.#at = start
    const close = commentEnd(this.#bytes, start + 3, this.#end, false)
    if (close === -2) throw new TextError('BAD_ENCODING', start, 'a NUL byte in a hint')
    if (close < 0) throw this.#error('unterminated hint')
    this.#tokens.push(TokenKind.hint, 0, start, close)
    this.#at = close
  }

  #dollarString(): boolean {
    const close = dollarStringEnd(this.#bytes, this.#at, this.#end)
    if (close === 0) return false
    if (close < 0) throw this.#error('unterminated dollar-quoted string')
    this.#tokens.push(TokenKind.dollarString, 0, this.#at, close)
    this.#at = close
    return true
  }

  /** What `numbers` found from the current byte on. */
  #scanned(found: number): void {
    const kind = found % 32
    const end = (found - kind) / 32
    if (kind === TokenKind.end) throw this.#error('malformed number')
    if (kind === TokenKind.name) return this.#nameFrom()
    if (kind === TokenKind.symbol) {
      if (this.#dialect.flavour !== 'mysql') throw this.#error('malformed number')
      this.#tokens.irregular = true
      this.#tokens.push(kind, SYMBOL_NUMBERS['('], end - 1, end)
    } else this.#tokens.push(kind, 0, this.#at, end)
    this.#at = end
  }

  #atSign(): void {
    const bytes = this.#bytes
    const start = this.#at
    const next = this.#peek(1)
    if (next === 0x40) {
      this.#symbol(SYMBOL_NUMBERS['@@'], 2)
      const first = this.#peek(0)
      if (first === 0x60) return
      if (!isWordByte(first)) throw this.#error('a system variable without its name')
      // Here alone a word before a dot is still a keyword: a scope.
      const end = this.#wordEnd(this.#at)
      let hash = 0
      for (let at = this.#at; at < end; at++) hash = hashStep(hash, bytes[at] ?? 0)
      this.#tokens.push(TokenKind.word, keywordNumber(bytes, this.#at, end, hash), this.#at, end)
      this.#at = end
      return this.#nameDot()
    }
    if (next === 0x27 || next === 0x22 || next === 0x60) {
      this.#at++
      const kind =
        next === 0x60 || (next === 0x22 && this.#dialect.ansiQuotes) ? TokenKind.quotedName : TokenKind.string
      this.#quoted(kind, next, start)
      this.#tokens.kinds[this.#tokens.count - 1] = TokenKind.userVariable
      return
    }
    let at = start + 1
    while (at < this.#end && isVariableByte(bytes[at])) at++
    if (at === start + 1 && this.#dialect.flavour === 'mariadb') throw this.#error('a user variable without its name')
    this.#checkName(start, at)
    this.#tokens.push(TokenKind.userVariable, 0, start, at)
    this.#at = at
  }
}
