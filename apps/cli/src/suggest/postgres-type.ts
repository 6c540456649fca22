import { checkMask, maskEffect, type ValueType } from '@gatehouse/core'
import type { TypeGroup } from './personal-data.ts'
import type { SuggestedType } from './suggested-type.ts'

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

/** A type of PostgreSQL. */
export function postgresType(type: ValueType): SuggestedType {
  const group = groupOf(type)
  return {
    group,
    small: type.name === 'int2',
    holdsText: (group === 'text' || group === 'document') && type.name !== 'hstore',
    check: (spec) => checkMask(spec, type),
    effect: (spec) => maskEffect(spec, type),
  }
}

/** An array's is its element's. `int2` is in none but `other`: nothing personal fits but a year. */
function groupOf(type: ValueType): TypeGroup {
  if (type.enumLabels !== null) return 'enum'
  return groups.get(type.name) ?? (type.element === null ? 'other' : groupOf(type.element))
}
