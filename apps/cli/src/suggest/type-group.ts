import type { ValueType } from '@gatehouse/core'
import type { TypeGroup } from './personal-data.ts'

const groups: ReadonlyMap<string, TypeGroup> = new Map(
  (
    [
      ['text', 'text varchar bpchar citext name xml'],
      ['document', 'json jsonb hstore'],
      ['whole', 'int4 int8'],
      ['number', 'numeric float4 float8 money'],
      ['date', 'date timestamp timestamptz'],
      ['network', 'inet cidr'],
      ['hardware', 'macaddr macaddr8'],
      ['binary', 'bytea'],
      ['uuid', 'uuid'],
      ['place', 'point geometry geography'],
    ] as const
  ).flatMap(([group, names]) => names.split(' ').map((name) => [name, group] as const)),
)

/** The group of a column's type; an array's is its element's. `int2` is in none but `other`: nothing personal fits but a year. */
export function typeGroup(type: ValueType): TypeGroup {
  if (type.enumLabels !== null) return 'enum'
  return groups.get(type.name) ?? (type.element === null ? 'other' : typeGroup(type.element))
}

/** True for columns whose content is worth a look: text, and documents that hold text. */
export function holdsText(type: ValueType): boolean {
  const group = typeGroup(type)
  return (group === 'text' || group === 'document') && type.name !== 'hstore'
}
