import { rowOf } from '../masking/type-table.ts'
import type { ValueType } from '../masking/value-type.ts'

/** OIDs from here on are given to what users make (`FirstNormalObjectId`). */
const firstUserOid = 16_384

/** Types of PostgreSQL itself whose values are no text, however they are written. */
const noText: ReadonlySet<string> = new Set([
  'bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'money', 'oid', 'xid', 'xid8', 'cid', 'tid', 'pg_lsn', 'pg_snapshot',
  'txid_snapshot', 'date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'uuid', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit',
  'varbit', 'bytea', 'char', 'point', 'line', 'lseg', 'box', 'path', 'polygon', 'circle', 'int4range', 'int8range', 'numrange', 'daterange',
  'tsrange', 'tstzrange', 'int4multirange', 'int8multirange', 'nummultirange', 'datemultirange', 'tsmultirange', 'tstzmultirange',
  'int2vector', 'oidvector', 'void', 'regclass', 'regproc', 'regprocedure', 'regoper', 'regoperator', 'regtype', 'regrole', 'regnamespace',
  'regconfig', 'regdictionary', 'regcollation',
]) // prettier-ignore

/** Types with elements whose text is no array literal. */
const notArrays: ReadonlySet<string> = new Set(['int2vector', 'oidvector'])

/** True when a type's values are arrays of its `element`. Some plain types (`name`, `point`) have elements too. */
export function holdsElements(type: ValueType): boolean {
  return type.element !== null && type.enumLabels === null && rowOf(type) === null && !notArrays.has(type.name)
}

/** How the text in a value of a type is found and replaced. */
export type TextForm = 'none' | 'text' | 'limited' | 'json' | 'jsonb' | 'xml' | 'hstore' | 'record' | 'other'

/**
 * How a type holds text. `limited`: text that may not grow. `other`: a type that is not known, which may hold anything. The
 * labels of an enum are of the schema, not of the data.
 */
export function textForm(type: ValueType, composite: boolean): TextForm {
  if (type.enumLabels !== null) return 'none'
  if (composite || type.name === 'record') return 'record'
  if (type.oid >= firstUserOid) {
    return type.name === 'citext' ? 'text' : type.name === 'hstore' ? 'hstore' : 'other'
  }
  switch (type.name) {
    case 'text':
    case 'unknown':
    case 'refcursor':
    case 'cstring':
      return 'text'
    case 'varchar':
    case 'bpchar':
      return type.modifier === -1 ? 'text' : 'limited'
    case 'name':
      return 'limited'
    case 'json':
    case 'jsonb':
    case 'xml':
      return type.name
    default:
      return noText.has(type.name) ? 'none' : 'other'
  }
}
