import { Buffer } from 'node:buffer'
import type { Dialect } from '../dialect.ts'
import { isSpace } from '../lexer/byte-classes.ts'
import { NEEDS_PARENTHESIS, reservedWords } from '../lexer/reserved.ts'
import { SPELLINGS, type Keyword, type Spelling } from '../lexer/keywords.ts'
import { TextError } from '../lexer/text-error.ts'
import { TokenKind, type Tokens } from '../lexer/tokens.ts'
import type { Expression, Into, Literal, Query, SelectItem, TableReference } from '../query-tree.ts'
import type { Statement } from '../statement-tree.ts'
import { unquote } from './unquote.ts'

/**
 * The rules that rules in other files call: with these at the cursor no file needs to import one that imports it.
 * Each reads from the cursor's place and leaves it behind what it read.
 */
export interface Grammar {
  /** An expression of any kind. */
  expression(cursor: TokenCursor): Expression
  /** What the manuals call bit_expr and simple_expr: an operand without comparisons and boolean operators. */
  operand(cursor: TokenCursor): Expression
  /** The rest of an expression whose first operand was read already. */
  expressionFrom(cursor: TokenCursor, first: Expression): Expression
  /** A query with all that may stand around it, parenthesised or not. */
  query(cursor: TokenCursor): Query
  /** The rest of a query (set operations, ORDER BY, LIMIT …) that begins with a parenthesised one that was read already; that one itself if nothing follows. */
  queryFrom(cursor: TokenCursor, first: Query): Query
  /** `(query)`, its parentheses included. */
  subquery(cursor: TokenCursor): Query
  /** Select items, as behind SELECT and RETURNING. */
  selectItems(cursor: TokenCursor): readonly SelectItem[]
  tableReferences(cursor: TokenCursor): TableReference
  /** The rest of table references whose first table was read. */
  tableReferencesFrom(cursor: TokenCursor, first: TableReference): TableReference
  /** Any statement. */
  statement(cursor: TokenCursor): Statement
}

const NEAR_BYTES = 80

/** A place among the tokens of a text, and what parsers ask of it. Rules read forward; to look back, remember `at` and `restore` it. */
export class TokenCursor {
  readonly bytes: Uint8Array
  readonly tokens: Tokens
  readonly dialect: Dialect
  readonly grammar: Grammar
  /** Index of the current token. */
  at = 0
  /** Spelling of the current token where it is a keyword or a symbol; '' when it is a name, a constant or the end. */
  spelling: Spelling | ''
  /** `?` met so far. */
  parameters = 0
  /** Literals of one token each, in order, and the tokens they are. */
  readonly literals: Literal[] = []
  readonly literalTokens: number[] = []
  /** INTO that a select of the query being read had before its FROM; the rule of queries takes it up. */
  #into: Into | null = null
  #text: string | null = null
  readonly #reserved: Uint8Array
  readonly #maxDepth: number
  #depth = 0

  constructor(bytes: Uint8Array, tokens: Tokens, dialect: Dialect, grammar: Grammar, maxDepth: number) {
    this.bytes = bytes
    this.tokens = tokens
    this.dialect = dialect
    this.grammar = grammar
    this.#maxDepth = maxDepth
    this.#reserved = reservedWords(dialect)
    this.spelling = SPELLINGS[tokens.spellings[0] ?? 0] ?? ''
  }

  get isMariadb(): boolean {
    return this.dialect.flavour === 'mariadb'
  }

  /** Kind of the current token. */
  get kind(): number {
    return this.tokens.kinds[this.at] ?? TokenKind.end
  }

  /** Kind of the token `ahead` of the current one. */
  kindAhead(ahead: number): number {
    const at = this.at + ahead
    return at < this.tokens.count ? (this.tokens.kinds[at] ?? TokenKind.end) : TokenKind.end
  }

  /** Spelling of the token `ahead` of the current one; '' when it has none. */
  spellingAhead(ahead: number): Spelling | '' {
    const at = this.at + ahead
    return at < this.tokens.count ? (SPELLINGS[this.tokens.spellings[at] ?? 0] ?? '') : ''
  }

  advance(): void {
    const at = ++this.at
    this.spelling = SPELLINGS[this.tokens.spellings[at] ?? 0] ?? ''
  }

  /** Back (or forward) to a place that `at` told. */
  restore(at: number): void {
    this.at = at
    this.spelling = SPELLINGS[this.tokens.spellings[at] ?? 0] ?? ''
  }

  is(spelling: Spelling): boolean {
    return this.spelling === spelling
  }

  /** True: the current token and the one behind it are these. */
  isPair(first: Spelling, second: Spelling): boolean {
    return this.spelling === first && this.spellingAhead(1) === second
  }

  /** Goes on and says true if the current token is this one. */
  accept(spelling: Spelling): boolean {
    if (this.spelling !== spelling) return false
    this.advance()
    return true
  }

  /** Goes on behind both and says true if the next two tokens are these. */
  acceptPair(first: Spelling, second: Spelling): boolean {
    if (!this.isPair(first, second)) return false
    this.restore(this.at + 2)
    return true
  }

  /** Goes on behind the first of these that is the current token, and says which; null: none is. */
  acceptAny<Word extends Spelling>(words: readonly Word[]): Word | null {
    const word = words.find((candidate) => candidate === this.spelling)
    if (word === undefined) return null
    this.advance()
    return word
  }

  /** @throws {TextError} when the current token is another. */
  expect(spelling: Spelling): void {
    if (this.spelling !== spelling) throw this.error()
    this.advance()
  }

  expectPair(first: Spelling, second: Spelling): void {
    this.expect(first)
    this.expect(second)
  }

  /** `rule` once, and again behind every comma. */
  list<Item>(rule: (cursor: TokenCursor) => Item): Item[] {
    const items = [rule(this)]
    while (this.accept(',')) items.push(rule(this))
    return items
  }

  /** A list in parentheses, not empty. */
  parenthesised<Item>(rule: (cursor: TokenCursor) => Item): Item[] {
    this.expect('(')
    const items = this.list(rule)
    this.expect(')')
    return items
  }

  /** Puts aside the INTO that stands before FROM. @throws {TextError} when one is put aside already */
  putInto(into: Into): void {
    if (this.#into !== null) throw this.error()
    this.#into = into
  }

  /** True: an INTO is put aside. */
  get hasInto(): boolean {
    return this.#into !== null
  }

  /** The INTO put aside, which is then no longer; null: none is. */
  takeInto(): Into | null {
    const into = this.#into
    this.#into = null
    return into
  }

  /** True: the statement ends here, at the text's end or a `;`. */
  get atEnd(): boolean {
    return this.spelling === ';' || this.at >= this.tokens.count
  }

  /** True: the current token can be an identifier: quoted, or a word that is not reserved. */
  get isName(): boolean {
    return this.isNameAhead(0)
  }

  isNameAhead(ahead: number): boolean {
    const at = this.at + ahead
    if (at >= this.tokens.count) return false
    const kind = this.tokens.kinds[at]
    if (kind === TokenKind.word) {
      const spelling = this.tokens.spellings[at] ?? 0
      if (this.#reserved[spelling] === 1) return false
      return !this.dialect.ignoreSpace || !this.#isFunctionWord(at, spelling)
    }
    return kind === TokenKind.name || kind === TokenKind.quotedName
  }

  /** Under IGNORE_SPACE names of built-in functions before "(" are reserved. MySQL manual, "Function Name Parsing and Resolution". */
  #isFunctionWord(at: number, spelling: number): boolean {
    if (this.tokens.spellings[at + 1] !== PARENTHESIS || !NEEDS_PARENTHESIS.has(SPELLINGS[spelling] as Keyword))
      return false
    // A comment between is no space.
    const end = this.tokens.starts[at + 1] ?? 0
    for (let byte = this.tokens.ends[at] ?? 0; byte < end; byte++) if (!isSpace(this.bytes[byte])) return false
    return true
  }

  /**
   * True: the current word is a built-in function whose name needs "(" right behind it, and has it (or IGNORE_SPACE is on).
   * False for other words too.
   */
  get isFunctionWord(): boolean {
    const spelling = this.tokens.spellings[this.at] ?? 0
    return this.#isFunctionWord(this.at, spelling) && (this.dialect.ignoreSpace || this.isAdjacent)
  }

  /** True: nothing stands between the current token and the next. */
  get isAdjacent(): boolean {
    return this.tokens.ends[this.at] === this.tokens.starts[this.at + 1]
  }

  /** An identifier, its quotes taken off. */
  name(): string {
    if (!this.isName) throw this.error()
    return this.takeName()
  }

  /** An identifier if there is one, else null. */
  acceptName(): string | null {
    return this.isName ? this.takeName() : null
  }

  /** The name behind a dot. */
  nameOrReserved(): string {
    // A word right behind a dot is no keyword to the lexer; with white space between it is one.
    return this.name()
  }

  /** The current token, whatever it is, as a name. */
  takeName(): string {
    const name = this.kind === TokenKind.quotedName ? this.#unquoted(this.at) : this.textOf(this.at, this.at)
    this.advance()
    return name
  }

  /** True: a string literal without introducer stands here. */
  get isString(): boolean {
    return this.kind === TokenKind.string
  }

  /** One string literal (`TEXT_STRING`; no introducer, no neighbours), unescaped. */
  string(): string {
    if (this.kind !== TokenKind.string) throw this.error()
    const value = this.#unquoted(this.at)
    this.advance()
    return value
  }

  /** An identifier or a string, as where the manuals let either name a thing. */
  nameOrString(): string {
    return this.kind === TokenKind.string ? this.string() : this.name()
  }

  /** Digits of an unsigned integer as written (0x… too). */
  integer(): string {
    const kind = this.kind
    if (kind !== TokenKind.integer && kind !== TokenKind.hexNumber) throw this.error()
    const digits = this.textOf(this.at, this.at)
    this.advance()
    return digits
  }

  /** Name of the current token of kind `userVariable`, without `@` and quotes. */
  userVariableName(): string {
    if (this.kind !== TokenKind.userVariable) throw this.error()
    const start = (this.tokens.starts[this.at] ?? 0) + 1
    const end = this.tokens.ends[this.at] ?? 0
    const quote = this.bytes[start]
    const quoted = quote === 0x27 || quote === 0x22 || quote === 0x60
    const ansi = quote === 0x60 || (quote === 0x22 && this.dialect.ansiQuotes)
    const name = quoted
      ? unquote(this.bytes, start, end, !ansi && !this.dialect.noBackslashEscapes)
      : this.#slice(start, end)
    this.advance()
    return name
  }

  /** Value of the string or quoted name at token `at`. */
  #unquoted(at: number): string {
    const start = this.tokens.starts[at] ?? 0
    const end = this.tokens.ends[at] ?? 0
    const escapes = this.tokens.kinds[at] !== TokenKind.quotedName && !this.dialect.noBackslashEscapes
    const national = this.tokens.kinds[at] === TokenKind.nationalString ? 1 : 0
    return unquote(this.bytes, start + national, end, escapes)
  }

  /** Value of the current token of kind `string` or `nationalString`; goes on. */
  takeString(): string {
    const value = this.#unquoted(this.at)
    this.advance()
    return value
  }

  /** The text as written from token `first` to token `last`, both included. */
  textOf(first: number, last: number): string {
    return this.#slice(this.tokens.starts[first] ?? 0, this.tokens.ends[last] ?? 0)
  }

  #slice(start: number, end: number): string {
    for (let at = start; at < end; at++) {
      if ((this.bytes[at] ?? 0) >= 0x80) return Buffer.from(this.bytes.subarray(start, end)).toString('utf8')
    }
    const { buffer, byteOffset, byteLength } = this.bytes
    const text = (this.#text ??= Buffer.from(buffer, byteOffset, byteLength).toString('latin1'))
    return text.slice(start, end)
  }

  /** Every rule that can hold itself calls this before and `leave` behind. @throws {TextError} TOO_COMPLEX */
  enter(): void {
    if (++this.#depth > this.#maxDepth)
      throw new TextError('TOO_COMPLEX', this.tokens.starts[this.at] ?? 0, `nested deeper than ${this.#maxDepth}`)
  }

  leave(): void {
    this.#depth--
  }

  /** What is wrong here, in the servers' words (error 1064). To be thrown. */
  error(): TextError {
    const at =
      this.at < this.tokens.count ? (this.tokens.starts[this.at] ?? 0) : (this.tokens.ends[this.tokens.count - 1] ?? 0)
    let line = 1
    for (let byte = this.tokens.starts[0] ?? 0; byte < at; byte++) if (this.bytes[byte] === 0x0a) line++
    const end = this.tokens.starts[this.tokens.count] ?? at
    const near = Buffer.from(this.bytes.subarray(at, Math.min(end, at + NEAR_BYTES))).toString('utf8')
    return new TextError('SYNTAX_ERROR', at, `You have an error in your SQL syntax near '${near}' at line ${line}`)
  }
}

const PARENTHESIS = SPELLINGS.indexOf('(')
