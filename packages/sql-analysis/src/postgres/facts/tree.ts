import type { IntoClause, Node, ParseResult, SelectStmt } from 'libpg-query'

type KindOf<N> = N extends unknown ? keyof N : never

/** A parse tree node with its kind as its one key; `{}` stands for a null list element. */
export type Tree = { readonly [Kind in KindOf<Node>]?: Extract<Node, Record<Kind, unknown>>[Kind] }

/** One statement of a text, as libpg-query 18's `parseSync` returns it. */
export type { ParseResult }

const EMPTY: readonly Tree[] = []

/** The list itself, or an empty one where the field is absent. */
export function listOf(nodes: readonly Tree[] | undefined): readonly Tree[] {
  return nodes ?? EMPTY
}

/** The node's kind; empty for a null element. */
export function kindOf(node: Tree): string {
  for (const kind in node) return kind
  return ''
}

/** The text of a String node; null for any other. */
export function stringOf(node: Tree | undefined): string | null {
  if (node?.String === undefined) return null
  return node.String.sval ?? ''
}

/** The texts of a list of String nodes; other nodes in it are left out. */
export function stringsOf(nodes: readonly Tree[] | undefined): string[] {
  const texts: string[] = []
  for (const node of listOf(nodes)) {
    const text = stringOf(node)
    if (text !== null) texts.push(text)
  }
  return texts
}

/** The last text of a dotted name; empty when there is none. */
export function lastName(nodes: readonly Tree[] | undefined): string {
  if (nodes === undefined || nodes.length === 0) return ''
  return stringOf(nodes[nodes.length - 1]) ?? ''
}

/** The value of a literal as text: strings, numbers and booleans, also under a cast; null when it is computed or NULL. */
export function literalText(node: Tree | undefined): string | null {
  if (node === undefined) return null
  if (node.TypeCast !== undefined) return literalText(node.TypeCast.arg)
  if (node.String !== undefined) return node.String.sval ?? ''
  if (node.Integer !== undefined) return String(node.Integer.ival ?? 0)
  if (node.Float !== undefined) return node.Float.fval ?? ''
  if (node.Boolean !== undefined) return node.Boolean.boolval === true ? 'true' : 'false'
  const constant = node.A_Const
  if (constant === undefined || constant.isnull === true) return null
  if (constant.sval !== undefined) return constant.sval.sval ?? ''
  if (constant.ival !== undefined) return String(constant.ival.ival ?? 0)
  if (constant.fval !== undefined) return constant.fval.fval ?? ''
  if (constant.boolval !== undefined) return constant.boolval.boolval === true ? 'true' : 'false'
  return constant.bsval?.bsval ?? null
}

/** SELECT … INTO: makes a table. The clause stands in the leftmost arm of a set operation. */
export function intoClauseOf(statement: SelectStmt): IntoClause | null {
  let select: SelectStmt = statement
  while (select.larg !== undefined) select = select.larg
  return select.intoClause ?? null
}
