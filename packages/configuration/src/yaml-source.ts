import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node, Scalar } from 'yaml'
import type { ConfigProblem, SettingPath } from './config-problem.ts'
import { settingName } from './config-problem.ts'

/** Objects and lists inside one another, at most this many deep. */
const MAX_DEPTH = 32

/** One mistake can throw the reader off for the rest of the file; the first few are the ones that help. */
const MAX_SYNTAX_PROBLEMS = 20

/** What stands for a text of the file: itself, or what it refers to. */
export type ScalarReader = (text: string, path: SettingPath) => unknown

/** A YAML file that remembers where everything stood. */
export class YamlSource {
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  /** Reads the text; what is wrong with it as YAML is in `syntaxProblems`. */
  constructor(text: string) {
    this.#lines = new LineCounter()
    // Pretty errors would quote the file, and with it whatever secret stands there.
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      version: '1.2',
      merge: false,
    })
  }

  /** Errors and warnings of the YAML reader, such as a key given twice. */
  syntaxProblems(): ConfigProblem[] {
    const found = [...this.#document.errors, ...this.#document.warnings].slice(0, MAX_SYNTAX_PROBLEMS)
    return found.map(({ pos, code, message }) =>
      // This one message quotes what stands there, which may be a secret.
      this.#problem(pos[0], [], code === 'UNEXPECTED_TOKEN' ? 'is not YAML from here on' : message),
    )
  }

  /** The file as plain values, each text as `read` gives it. What YAML can say and this cannot take goes to `problems`. */
  values(read: ScalarReader, problems: ConfigProblem[]): unknown {
    return this.#value(this.#document.contents, [], read, problems)
  }

  /** A problem with what stands at `path`, or with the nearest thing around it that is there. */
  problemAt(path: SettingPath, message: string): ConfigProblem {
    return this.#problem(this.#offsetOf(path), path, message)
  }

  #value(node: Node | null, path: SettingPath, read: ScalarReader, problems: ConfigProblem[]): unknown {
    if (path.length > MAX_DEPTH) {
      problems.push(this.problemAt(path, 'is nested too deeply'))
      return null
    }
    if (isScalar(node)) return typeof node.value === 'string' ? read(node.value, path) : node.value
    if (isSeq<Node>(node)) return node.items.map((item, index) => this.#value(item, [...path, index], read, problems))
    if (isMap<Node, Node | null>(node)) {
      const members: Record<string, unknown> = Object.create(null)
      for (const { key, value } of node.items) {
        if (isScalar(key) && key.value === '__proto__') {
          // The schema library passes over this name in silence.
          problems.push(this.problemAt([...path, key.value], 'is not a name that can be used'))
        } else if (isScalar(key) && typeof key.value === 'string') {
          members[key.value] = this.#value(value, [...path, key.value], read, problems)
        } else {
          problems.push(this.#problem(key.range?.[0] ?? 0, path, 'a name here is not a text; put it in quotes'))
        }
      }
      return members
    }
    // An alias can make a small file unfold without end, and hides from the reader what is set.
    if (isAlias(node)) problems.push(this.problemAt(path, 'aliases (*name) are not read; write the value out'))
    return null
  }

  #offsetOf(path: SettingPath): number {
    let node: unknown = this.#document.contents
    let offset = 0
    for (const step of path) {
      if (isMap<Scalar, Node | null>(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === step)
        if (pair === undefined) return offset
        offset = pair.key.range?.[0] ?? offset
        node = pair.value
      } else if (isSeq<Node>(node)) {
        const item: Node | undefined = typeof step === 'number' ? node.items[step] : undefined
        if (item === undefined) return offset
        offset = item.range?.[0] ?? offset
        node = item
      } else return offset
    }
    return offset
  }

  #problem(offset: number, path: SettingPath, message: string): ConfigProblem {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col, setting: settingName(path), message }
  }
}
