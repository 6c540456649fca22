import { checkMysqlMask, mysqlColumnTypeOf, mysqlMaskEffect } from '@gatehouse/core'
import type { TypeGroup } from './personal-data.ts'
import type { SuggestedType } from './suggested-type.ts'

const groups: ReadonlyMap<string, TypeGroup> = new Map(
  (
    [
      ['text', 'char varchar tinytext text mediumtext longtext'],
      ['document', 'json'],
      ['whole', 'mediumint int bigint'],
      ['number', 'decimal float double'],
      ['date', 'date datetime timestamp'],
      ['network', 'inet4 inet6'],
      ['binary', 'binary varbinary tinyblob blob mediumblob longblob'],
      ['uuid', 'uuid'],
      ['place', 'geometry point'],
      ['enum', 'enum set'],
    ] as const
  ).flatMap(([group, names]) => names.split(' ').map((name) => [name, group] as const)),
)
const small: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'year'])

/** A type of MySQL or MariaDB, given `DATA_TYPE` and `COLUMN_TYPE` of `information_schema.COLUMNS`. */
export function mysqlType(dataType: string, columnType: string): SuggestedType {
  const name = dataType.toLowerCase()
  const type = mysqlColumnTypeOf(columnType)
  const group = groups.get(name) ?? 'other'
  return {
    group,
    small: small.has(name),
    holdsText: group === 'text' || group === 'document',
    check: (spec) => checkMysqlMask(spec, type),
    effect: (spec) => mysqlMaskEffect(spec, type),
  }
}
