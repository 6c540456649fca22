import type { PrescanLimits } from './prescan-limits.ts'

type WordKind = 'and' | 'between' | 'operator' | 'join' | 'union' | 'case' | 'set' | 'endsSet' | 'from' | 'distinct'

/** Words that nest the tree without parentheses, and those around the SET of an UPDATE. A column of such a name is counted too: counting too much only refuses. */
const words: Readonly<Record<WordKind, string>> = {
  and: 'and or',
  between: 'between',
  operator: 'not is isnull notnull like ilike similar in collate at operator escape overlaps',
  join: 'join',
  union: 'union intersect except',
  case: 'case',
  set: 'set',
  endsSet: 'where returning',
  from: 'from',
  distinct: 'distinct',
}

interface Word {
  readonly kind: WordKind
  readonly bytes: Buffer
}

const longestWord = 9
const wordsByHash = new Map<number, Word>()
for (const kind of Object.keys(words) as WordKind[]) {
  for (const text of words[kind].split(' ')) {
    const bytes = Buffer.from(text)
    wordsByHash.set(hashOf(bytes, 0, bytes.length), { kind, bytes })
  }
}

/** Fields of one level (between a parenthesis and its partner), in one flat array. */
const operators = 0
const joins = 1
const sets = 2
const cases = 3
const betweens = 4
const items = 5
/** Greatest depth of a closed level inside the expression that is running. */
const inner = 6
/** Greatest depth of an expression of this level that has ended. */
const ended = 7
/** 1 inside the assignments of SET. */
const assigns = 8
/** Columns of a `(a, b) =` whose source is running; 0 when there is none. */
const columns = 9
/** `#cost` where that source began. */
const source = 10
const fields = 11

/** What one level of each kind costs in stack, in operators: 2,500 sub-selects or 2,000 CASEs go as far as 9,500 operators. */
const levelWeight = 4
const caseWeight = 5

/**
 * Counts what nests or piles up in a statement. An upper bound on the depth of its tree: an expression ends at a comma, a
 * semicolon, or an AND/OR that flattens; CASE and BETWEEN, which hold AND without parentheses, keep the count running.
 */
export class PrescanCounts {
  /** The limit that was passed, with the count, in words; null while all are kept. */
  refusal: string | null = null
  readonly #limits: PrescanLimits
  readonly #levels: number[] = Array.from({ length: fields }, () => 0)
  #base = 0
  #total = 0
  #comments = 0
  #statements = 0
  /** Tokens so far, and the copies the parser makes of them. */
  #cost = 0
  #copies = 0
  /** Items of the parentheses that the last token closed; 0 when it closed none. */
  #closedItems = 0
  #closedBefore = 0
  #lastWord: WordKind | null = null
  #wordBefore: WordKind | null = null

  constructor(limits: PrescanLimits) {
    this.#limits = limits
  }

  /** Every token comes through here, before what it is. */
  token(): void {
    this.#cost++
    this.#closedBefore = this.#closedItems
    this.#closedItems = 0
    this.#wordBefore = this.#lastWord
    this.#lastWord = null
  }

  comment(): void {
    this.#comments++
    if (this.#comments > this.#limits.maxComments) {
      this.#refuse(`${this.#comments} block comments`, this.#limits.maxComments, 'maxComments')
    }
  }

  /** An `=`: after a list of columns in SET, its source is copied for each of them. */
  equals(): void {
    if (this.#closedBefore < 2 || this.#at(assigns) === 0) return
    if (this.#at(columns) === 0) this.#levels[this.#base + source] = this.#cost
    this.#raise(columns, this.#closedBefore)
  }

  operator(): void {
    this.#count(operators, this.#limits.maxOperators, 'operators in one expression', 'maxOperators')
  }

  /** Checks what was counted when the text has ended. */
  finish(): void {
    while (this.#base > 0) this.close()
    this.#endSource()
    this.#checkDepth(this.#depth())
  }

  open(): void {
    this.#base += fields
    for (let field = 0; field < fields; field++) this.#levels[this.#base + field] = 0
    const depth = this.#base / fields
    if (depth > this.#limits.maxNesting) {
      this.#refuse(`${depth} levels of parentheses`, this.#limits.maxNesting, 'maxNesting')
    }
  }

  close(): void {
    if (this.#base === 0) return
    this.#endSource()
    this.#closedItems = this.#at(items) + 1
    const depth = this.#depth() + levelWeight
    this.#base -= fields
    this.#raise(inner, depth)
    this.#checkDepth(depth)
  }

  comma(): void {
    this.#endSource()
    this.#endExpression()
    this.#item()
    this.#count(items, this.#limits.maxListItems - 1, 'commas in one list', 'maxListItems')
  }

  semicolon(): void {
    this.#statements++
    if (this.#statements > this.#limits.maxStatements)
      this.#refuse(`${this.#statements} statements`, this.#limits.maxStatements, 'maxStatements')
    this.#endSource()
    const depth = this.#depth()
    for (let field = 0; field < fields; field++) this.#levels[this.#base + field] = 0
    this.#levels[this.#base + ended] = depth
    this.#item()
  }

  /** Counts the identifier or keyword `bytes[start, end)`. `isField`: after a dot any word is a name, and ends no expression. */
  word(bytes: Buffer, start: number, end: number, isField: boolean): void {
    if (end - start > longestWord) return
    const word = wordsByHash.get(hashOf(bytes, start, end))
    if (word === undefined || !isWord(word.bytes, bytes, start, end)) return
    switch (word.kind) {
      case 'and':
        if (isField) this.operator()
        else this.#and()
        return
      case 'between':
        this.#add(betweens)
        this.operator()
        return
      case 'operator':
        this.operator()
        return
      case 'join':
        this.#count(joins, this.#limits.maxJoins, 'joins in one FROM', 'maxJoins')
        return
      case 'union':
        this.#count(sets, this.#limits.maxSetOperations, 'set operations in one query', 'maxSetOperations')
        return
      case 'case':
        this.#count(cases, this.#limits.maxCases, 'CASE expressions in one expression', 'maxCases')
        return
      case 'set':
        if (!isField) this.#levels[this.#base + assigns] = 1
        return
      case 'from':
        // IS DISTINCT FROM is an operator.
        if (!isField && this.#wordBefore !== 'distinct') this.#endSet()
        return
      case 'endsSet':
        if (!isField) this.#endSet()
        return
      case 'distinct':
        this.#lastWord = 'distinct'
        return
      default:
        word.kind satisfies never
    }
  }

  #endSet(): void {
    this.#endSource()
    this.#levels[this.#base + assigns] = 0
  }

  /** Adds the copies of the source of a list of columns. Copies inside it are copied with it. */
  #endSource(): void {
    const times = this.#at(columns)
    if (times === 0) return
    const copies = (times - 1) * (this.#cost - this.#at(source))
    this.#cost += copies
    this.#copies += copies
    this.#levels[this.#base + columns] = 0
    if (this.#copies > this.#limits.maxCopies)
      this.#refuse(`${this.#copies} copies`, this.#limits.maxCopies, 'maxCopies')
  }

  #and(): void {
    const between = this.#at(betweens)
    if (between > 0) {
      this.#levels[this.#base + betweens] = between - 1
    } else if (this.#at(cases) === 0) {
      this.#endExpression()
      this.#item()
    } else {
      this.operator()
    }
  }

  #endExpression(): void {
    this.#raise(ended, this.#expressionDepth())
    this.#levels[this.#base + operators] = 0
    this.#levels[this.#base + betweens] = 0
    this.#levels[this.#base + cases] = 0
    this.#levels[this.#base + inner] = 0
  }

  #expressionDepth(): number {
    return this.#at(operators) + this.#at(cases) * caseWeight + this.#at(inner)
  }

  #depth(): number {
    return Math.max(this.#at(ended), this.#expressionDepth()) + this.#at(joins) + this.#at(sets)
  }

  #checkDepth(depth: number): void {
    if (depth > this.#limits.maxDepth) this.#refuse(`nested ${depth} deep`, this.#limits.maxDepth, 'maxDepth')
  }

  #at(field: number): number {
    return this.#levels[this.#base + field] ?? 0
  }

  #raise(field: number, value: number): void {
    if (value > this.#at(field)) this.#levels[this.#base + field] = value
  }

  #item(): void {
    this.#total++
    if (this.#total >= this.#limits.maxTotalItems)
      this.#refuse(`${this.#total} list items`, this.#limits.maxTotalItems, 'maxTotalItems')
  }

  #add(field: number): number {
    const count = this.#at(field) + 1
    this.#levels[this.#base + field] = count
    return count
  }

  #count(field: number, limit: number, what: string, name: string): void {
    const count = this.#add(field)
    if (count > limit) this.#refuse(`${count} ${what}`, limit, name)
  }

  #refuse(count: string, limit: number, name: string): void {
    this.refusal ??= `statement too complex: ${count}, the limit is ${limit} (${name})`
  }
}

/** ASCII letters without case, as the server looks keywords up. */
function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + ((bytes[at] ?? 0) | 0x20)) | 0
  return hash
}

function isWord(word: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (word.length !== end - start) return false
  for (let at = 0; at < word.length; at++) if (((bytes[start + at] ?? 0) | 0x20) !== word[at]) return false
  return true
}
