/** Table: which built-in operators and functions give a result whatever the value of their operands. All others may fail. */
import type { TypeName } from 'libpg-query'
import { type CatalogFunction, FIRST_NORMAL_OID } from '../../catalog.ts'
import type { Lineage } from '../lineage.ts'
import { isPlainType } from '../../shape-names.ts'
import type { Reading } from '../reading.ts'
import { type Tree, lastName, literalText, stringsOf } from '../tree.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''))

/** Operators that never fail on account of a value. */
const TOTAL_OPERATORS = words(`= <> < > <= >= || -> ->> #> #>> ? ?| ?& @> <@ && ^@`)
/** Operators that never fail on account of their left operand: the right one is a pattern that may be malformed. */
const TOTAL_IN_LEFT = words(`~~ !~~ ~~* !~~* ~ !~ ~* !~*`)

/** Functions that never fail on account of a value. */
const TOTAL_FUNCTIONS = words(`
  lower upper initcap length char_length character_length octet_length bit_length reverse concat md5 sha224 sha256 sha384 sha512
  btrim ltrim rtrim trim replace translate strpos position starts_with left right ascii
  quote_literal quote_nullable quote_ident hashtext hashtextextended casefold unistr_is_normalized
  count min max sum avg stddev stddev_pop stddev_samp variance var_pop var_samp bool_and bool_or every
  string_agg array_agg json_agg jsonb_agg any_value xmlagg row_number rank dense_rank first_value last_value
  to_json to_jsonb row_to_json array_to_json json_typeof jsonb_typeof json_strip_nulls jsonb_strip_nulls jsonb_pretty
  json_extract_path json_extract_path_text jsonb_extract_path jsonb_extract_path_text json_build_array jsonb_build_array
  num_nulls num_nonnulls pg_typeof pg_column_size isfinite age ceil ceiling floor sign`)
/** Functions that never fail on account of their first argument; the rest are lengths, positions, patterns, formats. */
const TOTAL_IN_FIRST = words(`
  substr substring split_part regexp_replace regexp_match regexp_like regexp_count regexp_instr regexp_substr
  to_char encode lag lead round trunc concat_ws`)
/** Functions of two arguments that never fail on account of the last: the first is the name of a field. */
const TOTAL_IN_LAST = words(`extract date_part date_trunc`)

/** Types that every value can be cast to without an error: the cast goes through the text of the value. */
const TOTAL_CASTS = words(`text varchar bpchar name`)

/**
 * Whether an operator fails can be told from outside: an operand that can make it fail is looked at (`1 / (salary - 91234)`).
 */
export function tellOfOperator(reading: Reading, operator: string, left: Lineage | null, right: Lineage): void {
  // Arrays of different dimensions cannot be put together.
  const arrays = operator === '||' && (isShaped(right) || (left !== null && isShaped(left)))
  if (TOTAL_OPERATORS.has(operator) && !arrays) return
  if (left !== null && !TOTAL_IN_LEFT.has(operator)) reading.tell(left)
  reading.tell(right)
}

/** The same for the arguments of a function. Functions that are not built in may do anything with any of them. */
export function tellOfCall(
  reading: Reading,
  name: string,
  candidates: readonly CatalogFunction[],
  parts: readonly Lineage[],
): void {
  reading.spend(1 + (candidates.length >> 3) + (parts.length >> 2))
  const builtin = candidates.every((fn) => fn.builtin)
  // How many rows a set has depends on what it is made from.
  const set = candidates.some((fn) => fn.returnsSet)
  // length(bytes, encoding) reads the bytes as text.
  const total =
    TOTAL_FUNCTIONS.has(name) && !(name === 'length' && parts.length > 1) && !mayNotFit(reading, name, parts)
  if (builtin && !set && total) return
  const field = TOTAL_IN_LAST.has(name) && parts.length === 2
  const spared = !builtin || set ? -1 : TOTAL_IN_FIRST.has(name) ? 0 : field ? 1 : -1
  // json_build_object(key, value, …): a key must not be NULL.
  const pairs = builtin && (name === 'json_build_object' || name === 'jsonb_build_object')
  parts.forEach((part, index) => {
    if (index !== spared && !(pairs && index % 2 === 1)) reading.tell(part)
  })
}

/** Types whose sum has an end that a value can be brought to: money, and those a difference of is an interval. */
const SUM_ENDS = words('D T')
const MONEY = 790

/** True for an array whose lengths a value could have made. Those of a stored array show in its mask as well (docs/masks.md). */
function isShaped({ array, sources }: Lineage): boolean {
  return array && sources.some(({ how }) => how !== 'copied')
}

/** Arrays put into one array. */
export function tellOfArray(reading: Reading, parts: readonly Lineage[]): void {
  for (const part of parts) if (isShaped(part)) reading.tell(part)
}

/** True when values may not go together: arrays into one array, intervals or money into one sum. */
function mayNotFit(reading: Reading, name: string, parts: readonly Lineage[]): boolean {
  if (name === 'array_agg') return parts.some(isShaped)
  return (name === 'sum' || name === 'avg') && parts.some((part) => sumEnds(reading, part))
}

function sumEnds(reading: Reading, part: Lineage): boolean {
  const { catalog } = reading.environment
  const ends = (oid: number): boolean => {
    const type = catalog.typeByOid(oid)
    return type === undefined || type.oid === MONEY || SUM_ENDS.has(type.category)
  }
  if (part.type !== null) return ends(part.type.oid)
  reading.spend(2 * part.sources.length)
  return part.sources.some(({ column }) => {
    const stored = catalog.relation(column.schema, column.relation)?.columns.find(({ name }) => name === column.column)
    return stored === undefined || ends(stored.typeOid)
  })
}

/** A path to one member, in lax mode. PostgreSQL manual, "The SQL/JSON Path Language". */
const MEMBER_PATH = /^\s*(?:lax\s+)?\$\s*\.\s*(?:"[^"\\]*"|[A-Za-z_]\w*)\s*$/

/**
 * True for `jsonb_path_query(document, '$.a')`: a path that picks one member and tests nothing tells whether the document has it, and
 * no more (docs/masking.md says so). The text of such a call is always read by its exact bytes.
 */
export function isPlainPathQuery(name: string, nodes: readonly Tree[]): boolean {
  if (name !== 'jsonb_path_query' || nodes.length !== 2) return false
  const path = literalText(nodes[1])
  return path !== null && MEMBER_PATH.test(path)
}

/** The same for a cast. A type of such a name in another schema is another. */
export function tellOfCast(reading: Reading, type: TypeName, value: Lineage): void {
  const names = stringsOf(type.names)
  const name = names[names.length - 1] ?? ''
  const { catalog, searchPath } = reading.environment
  reading.spend(1 + (searchPath.length >> 1))
  const schema =
    names.length > 1 ? names[names.length - 2] : (catalog.resolveType(name, searchPath)?.schema ?? 'pg_catalog')
  const total = TOTAL_CASTS.has(name) && schema === 'pg_catalog' && type.arrayBounds === undefined
  if (!total) reading.tell(value)
}

/** AND and OR: whether the later operands are evaluated at all is up to those before. */
export function tellOfChoice(reading: Reading, parts: readonly Lineage[]): void {
  for (const part of parts.slice(0, -1)) reading.tell(part)
}

/** The same for COALESCE; but nobody can tell whether an operand was evaluated that cannot fail when the statement runs. */
export function tellOfCoalesce(reading: Reading, nodes: readonly Tree[], parts: readonly Lineage[]): void {
  const last = nodes.findLastIndex((node) => !isLiteral(reading, node))
  for (const part of parts.slice(0, Math.max(0, last))) reading.tell(part)
}

// The text of a literal is converted when the statement is analysed, but for the checks of a domain; any other cast comes as
// late as its turn.
function isLiteral({ environment }: Reading, node: Tree): boolean {
  if (node.A_Const !== undefined || node.ParamRef !== undefined) return true
  const cast = node.TypeCast
  const type = cast?.typeName
  const value: Tree | undefined = cast?.arg
  if (value?.A_Const?.sval === undefined || !isPlainType(type)) return false
  if (type?.names?.length === 2) return true
  const meant = environment.catalog.resolveType(lastName(type?.names), environment.searchPath)
  return meant !== undefined && meant.oid < FIRST_NORMAL_OID && meant.kind === 'base'
}
