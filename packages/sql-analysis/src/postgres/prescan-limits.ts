/**
 * Bounds on a statement text, checked by one pass over its bytes before the parser sees it. They keep PostgreSQL's grammar, whose
 * stack guard is absent in WebAssembly, and every recursive reader of its tree away from the end of the stack: that comes at about
 * 9,500 chained operators, 5,000 nested calls, 2,500 nested sub-selects or 2,000 nested CASEs.
 */
export interface PrescanLimits {
  /** Bytes of the whole text. Default 1 MiB. */
  readonly maxStatementBytes: number
  /** Open parentheses and brackets. Default 500. */
  readonly maxNesting: number
  /** Operators, or words that work as operators, in one expression (between commas and AND/OR on one level). Default 2,000. */
  readonly maxOperators: number
  /** JOINs inside one pair of parentheses. Default 2,000. */
  readonly maxJoins: number
  /** UNIONs, INTERSECTs and EXCEPTs inside one pair of parentheses. Default 2,000. */
  readonly maxSetOperations: number
  /** CASEs inside one pair of parentheses and between two commas, nested or not. Default 500. */
  readonly maxCases: number
  /** Depth of the tree, at most: operators, joins and set operations of nested levels added up (4 a level, 5 a CASE). Default 4,000. */
  readonly maxDepth: number
  /** Items of one list (commas inside one pair of parentheses, plus one). Default 50,000. */
  readonly maxListItems: number
  /**
   * Block comments, nested ones counted. The parser takes time in proportion to each times the length of the text. Default 500.
   */
  readonly maxComments: number
  /**
   * Copies of tokens: `SET (a, b) = (…)` is written once for each column in the parser's tree, and nests. Default 50,000.
   */
  readonly maxCopies: number
  /** Items of all lists together, terms of AND and OR included. Default 200,000. */
  readonly maxTotalItems: number
  /** Statements of one text (semicolons): the facts of each cross from the worker thread. Default 5,000. */
  readonly maxStatements: number
}

export const defaultPrescanLimits: PrescanLimits = {
  maxStatementBytes: 1024 * 1024,
  maxNesting: 500,
  maxOperators: 2000,
  maxJoins: 2000,
  maxSetOperations: 2000,
  maxCases: 500,
  maxDepth: 4000,
  maxListItems: 50_000,
  maxComments: 500,
  maxCopies: 50_000,
  maxTotalItems: 200_000,
  maxStatements: 5000,
}
