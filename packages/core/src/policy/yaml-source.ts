import { LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml'
import type { Document, Node } from 'yaml'
import { nearestWord } from './nearest-word.ts'

/** One thing that is wrong in a policy or policy test file. */
export interface PolicyProblem {
  /** From 1. */
  readonly line: number
  /** From 1, in characters. */
  readonly column: number
  /** Where in the document: `rules[2].allow.actions[0]`; empty for the document itself. */
  readonly path: string
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What would work, in one sentence. */
  readonly hint: string
}

/** Largest file that is read, in characters; far above any real policy, small enough to read at once. */
export const maxFileCharacters: number = 256 * 1024
/** Deepest nesting that is read; a policy needs six levels. */
const maxDepth = 32
/** Problems beyond this many are not collected: the first ones say enough. */
const maxProblems = 200

/** A YAML text that is being read, and what was found wrong with it so far. */
export class YamlSource {
  readonly problems: PolicyProblem[] = []
  readonly #lines = new LineCounter()
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The document's only value, or null when the text is not plain YAML; then `problems` says why. */
  root(): YamlValue | null {
    if (this.#text.length > maxFileCharacters) {
      this.add(0, '', `The file is longer than ${maxFileCharacters} characters.`, 'Split the policy or use patterns.')
      return null
    }
    if (nestsTooDeep(this.#text)) {
      this.add(0, '', `The file nests brackets deeper than ${maxDepth} levels.`, 'Write rules as flat lists.')
      return null
    }
    const document = this.#parse()
    if (document === null || this.problems.length > 0) return null
    return new YamlValue(this, document.contents, 0, '')
  }

  /** A hint that has to be searched for is given as a function: it is not called for problems that are dropped. */
  add(offset: number, path: string, message: string, hint: string | (() => string)): void {
    if (this.problems.length >= maxProblems) return
    const { line, col } = this.#lines.linePos(offset)
    this.problems.push({
      line: Math.max(1, line),
      column: Math.max(1, col),
      path,
      message,
      hint: typeof hint === 'string' ? hint : hint(),
    })
  }

  line(offset: number): number {
    return Math.max(1, this.#lines.linePos(offset).line)
  }

  #parse(): Document | null {
    try {
      const document = parseDocument(this.#text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        strict: true,
        uniqueKeys: true,
        version: '1.2',
        schema: 'core',
        merge: false,
        logLevel: 'error' /* silent would also hide a second document */,
      })
      for (const error of [...document.errors, ...document.warnings]) {
        this.add(error.pos[0], '', `YAML: ${error.message}`, 'Correct the YAML syntax at this place.')
      }
      if (document.errors.length === 0) this.#refuseReferences(document)
      return document
    } catch {
      this.add(0, '', 'The file could not be read as YAML.', 'Check that it is plain YAML without deep nesting.')
      return null
    }
  }

  /** Anchors, aliases, tags and directives let a text mean something else than it shows; a policy needs none of them. */
  #refuseReferences(document: Document): void {
    if (document.directives?.yaml.explicit === true) {
      this.add(0, '', 'YAML directives are not allowed.', 'Remove the line that begins with %YAML.')
    }
    visit(document, {
      Node: (_key, node) => {
        const offset = offsetOf(node)
        if (isAlias(node)) this.add(offset, '', `The alias *${node.source} is not allowed.`, 'Write the value out.')
        else if (node.anchor !== undefined)
          this.add(offset, '', `The anchor &${node.anchor} is not allowed.`, 'Remove it.')
        if (!isAlias(node) && hasExplicitTag(node)) {
          this.add(offset, '', 'YAML tags are not allowed.', 'Remove the word that begins with an exclamation mark.')
        }
      },
    })
  }
}

/** The reader is recursive: brackets that would exhaust its stack are counted before it starts. */
function nestsTooDeep(text: string): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5b || code === 0x7b) {
      if (++depth > maxDepth * 4) return true
    } else if ((code === 0x5d || code === 0x7d) && depth > 0) depth--
  }
  return deepestIndent(text) > maxDepth * 16
}

function deepestIndent(text: string): number {
  let deepest = 0
  for (const match of text.matchAll(/^[ \t?:-]+/gm)) deepest = Math.max(deepest, match[0].length)
  return deepest
}

/** The parser notes a tag only where the text has one. */
function hasExplicitTag(node: Node): boolean {
  return 'tag' in node && typeof node.tag === 'string' && node.tag !== ''
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0
}

/** One value of a YAML text. Readers return null where the value is not as wanted, and note the problem. */
export class YamlValue {
  readonly path: string
  readonly #source: YamlSource
  readonly #node: Node | null
  readonly #offset: number

  constructor(source: YamlSource, node: unknown, offset: number, path: string) {
    this.#source = source
    this.#node = isNode(node) ? node : null
    this.#offset = this.#node === null ? offset : offsetOf(this.#node)
    this.path = path
  }

  get line(): number {
    return this.#source.line(this.#offset)
  }

  /** True for nothing at all, `null` and `~`. */
  get isNull(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null)
  }

  get isMap(): boolean {
    return isMap(this.#node)
  }

  get isList(): boolean {
    return isSeq(this.#node)
  }

  problem(message: string, hint: string | (() => string)): void {
    this.#source.add(this.#offset, this.path, message, hint)
  }

  /** The value's members by key; a key that is not `known` is a problem. `what` names the value in messages. */
  members(what: string, known: readonly string[]): ReadonlyMap<string, YamlValue> | null {
    const members = this.entries(what)
    if (members === null) return null
    for (const key of members.keys()) {
      if (known.includes(key)) continue
      const hint = (): string => {
        const nearest = nearestWord(key, known)
        return `${nearest === null ? '' : `Did you mean ${nearest}? `}Known here: ${known.join(', ')}.`
      }
      this.#source.add(this.#keyOffset(key), this.#child(key), `Unknown key ${JSON.stringify(key)} in ${what}.`, hint)
    }
    return members
  }

  /** The value's members by key, whatever the keys. */
  entries(what: string): ReadonlyMap<string, YamlValue> | null {
    if (!isMap(this.#node)) {
      this.problem(`Expected ${what} as a mapping of keys to values.`, 'Write `key: value` lines, indented below.')
      return null
    }
    const members = new Map<string, YamlValue>()
    for (const pair of this.#node.items) {
      const key = isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : null
      const offset = isNode(pair.key) ? offsetOf(pair.key) : this.#offset
      if (key === null) this.#source.add(offset, this.path, 'A key must be text.', 'Put the key in quotes.')
      else members.set(key, new YamlValue(this.#source, pair.value, offset, this.#child(key)))
    }
    return members
  }

  /** The items of a list. An empty list is a problem: it would say nothing. */
  items(what: string): readonly YamlValue[] | null {
    if (!isSeq(this.#node)) {
      this.problem(`Expected a list of ${what}.`, 'Write `[one, two]`, or one `- item` a line.')
      return null
    }
    if (this.#node.items.length === 0) {
      this.problem(`The list of ${what} is empty.`, 'Name at least one, or leave the key out.')
      return null
    }
    return this.#node.items.map(
      (item, index) => new YamlValue(this.#source, item, this.#offset, `${this.path}[${index}]`),
    )
  }

  /** The items of a list, or the value itself as the only item. */
  itemsOrOne(what: string): readonly YamlValue[] | null {
    return this.isList ? this.items(what) : [this]
  }

  /** Text that is not empty. Other plain values are a problem: quotes make clear what is meant. */
  text(what: string): string | null {
    const value = this.scalar()
    if (typeof value === 'string' && value !== '') return value
    if (value === '') this.problem(`${what} is empty.`, 'Write a value, or leave the key out.')
    else if (typeof value === 'number' || typeof value === 'boolean') {
      this.problem(`${what} must be text.`, `Put it in quotes: "${value}".`)
    } else this.problem(`${what} must be text.`, 'Write one value.')
    return null
  }

  /** Text, number or boolean as it stands; undefined for anything else. */
  scalar(): string | number | boolean | undefined {
    const value = isScalar(this.#node) ? this.#node.value : undefined
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
  }

  /** The value as plain data: claims of a test case. Anchors and aliases were refused, so it is no larger than its text. */
  plain(): unknown {
    if (isScalar(this.#node)) return this.#node.value
    if (isSeq(this.#node)) return this.items('values')?.map((item) => item.plain()) ?? []
    if (!isMap(this.#node)) return null
    return Object.fromEntries([...(this.entries('a mapping') ?? [])].map(([key, value]) => [key, value.plain()]))
  }

  #child(key: string): string {
    const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(key.slice(0, 64))
    return this.path === '' ? name : `${this.path}.${name}`
  }

  #keyOffset(key: string): number {
    if (!isMap(this.#node)) return this.#offset
    const pair = this.#node.items.find((item) => isScalar(item.key) && item.key.value === key)
    return pair !== undefined && isNode(pair.key) ? offsetOf(pair.key) : this.#offset
  }
}
