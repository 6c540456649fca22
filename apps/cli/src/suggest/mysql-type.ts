import type { ValueType } from '@gatehouse/core'

/** Types of MySQL and MariaDB and the one of PostgreSQL that names and masks treat alike; the OIDs are those of `pg_type`. */
const alike: ReadonlyMap<string, readonly [name: string, oid: number]> = new Map(
  (
    [
      ['int2', 21, 'tinyint smallint year'],
      ['int4', 23, 'mediumint int'],
      ['int8', 20, 'bigint'],
      ['numeric', 1700, 'decimal'],
      ['float8', 701, 'float double'],
      ['date', 1082, 'date'],
      ['timestamp', 1114, 'datetime timestamp'],
      ['time', 1083, 'time'],
      ['varchar', 1043, 'char varchar'],
      ['text', 25, 'tinytext text mediumtext longtext'],
      ['json', 114, 'json'],
      ['bytea', 17, 'binary varbinary tinyblob blob mediumblob longblob'],
      ['uuid', 2950, 'uuid'],
      ['inet', 869, 'inet4 inet6'],
      ['bit', 1560, 'bit'],
    ] as const
  ).flatMap(([name, oid, types]) => types.split(' ').map((type) => [type, [name, oid]] as const)),
)
const places: ReadonlySet<string> = new Set(['geometry', 'point'])

/**
 * The type of PostgreSQL that a column's type is like, given `DATA_TYPE` and `CHARACTER_MAXIMUM_LENGTH` of
 * `information_schema.COLUMNS`. Of ENUM and SET, geometry and what is not known, one whose masked values are NULL.
 */
export function typeLike(dataType: string, length: number | null): ValueType {
  const type = dataType.toLowerCase()
  const found = alike.get(type)
  if (found !== undefined) {
    const [name, oid] = found
    // The modifier counts a header of four bytes.
    return {
      name,
      oid,
      modifier: name === 'varchar' && length !== null ? length + 4 : -1,
      element: null,
      enumLabels: null,
    }
  }
  const isEnum = type === 'enum' || type === 'set'
  return {
    name: places.has(type) ? 'geometry' : type,
    oid: 0,
    modifier: -1,
    element: null,
    enumLabels: isEnum ? [] : null,
  }
}
