// A table: what the generator knows of schema.sql. How it is marked: `../writing.ts`.
import type * as any from '../writing.ts'
import { readRelations } from '../writing.ts'

/** Types of expressions. `bool` is what conditions give, `level` an ENUM, `flags` a SET. */
export const TYPES = [
  'int',
  'bigint',
  'decimal',
  'double',
  'text',
  'bool',
  'date',
  'datetime',
  'time',
  'year',
  'blob',
  'json',
  'level',
  'flags',
  'bits',
  'point',
] as const
export type Type = (typeof TYPES)[number]

// As `../writing.ts` has them, of these types.
export type Column = any.Column<Type>
export type Relation = any.Relation<Type>
export type Writing = any.Writing<Type>
export type Scope = any.Scope<Type>
export type Item = any.Item<Type>
export type Query = any.Query<Type>

const TABLES = {
  people:
    'id:int name:text team:text age:int hired:date prefs:json active:bool grade:level since:datetime ssn:text* email:text* salary:int* account:bigint* rate:decimal* weight:double* born:date* seen:datetime* woke:time* cohort:year* photo:blob* doc:json* notes:text* tier:level* traits:flags* code:bits* home:point* shouted:text+= initial:text=',
  people_copy: 'id:int name:text ssn:text* email:text* salary:int* born:date* doc:json*',
  people_log: 'id:int= person_id:int was:text* at_team:text',
  orders: 'id:int person_id:int amount:decimal status:text placed:date note:text card:text* memo:text*',
  events: 'id:int day:date person_id:int kind:text payload:json ip:text* score:double* took:time* raw:json*',
  products: 'id:int name:text price:decimal stock:int attrs:json',
  readings:
    'id:int i:int b:bigint n:decimal f:double t:text ok:bool d:date ts:datetime tm:time y:year x:blob j:json lv:level fl:flags bt:bits p:point',
  sink: 'id:int= i:int b:bigint n:decimal f:double t:text ok:bool d:date ts:datetime tm:time y:year x:blob j:json lv:level fl:flags bt:bits p:point',
}

const VIEWS = {
  v_people: 'id:int label:text remark:text* figure:int* moment:date* bag:json*',
  v_nested: 'id:int label:text memo:text* figure:int* status:text',
  v_raised: 'id:int team:text doubled:bigint+ loud:text+ older:bigint',
  v_teams: 'team:text heads:bigint oldest:int highest:int+',
  v_both: 'id:int name:text code:text+',
  v_stock: 'id:int name:text worth:decimal',
  v_temptable: 'id:int name:text words:text* number:int*',
}

export const TABLE_LIST: readonly Relation[] = readRelations(TABLES, 'table', TYPES)
export const RELATIONS: readonly Relation[] = [...TABLE_LIST, ...readRelations(VIEWS, 'view', TYPES)]

/** The columns under mask, without their schema. */
export const MASKED_COLUMNS: readonly string[] = TABLE_LIST.flatMap(({ name, columns }) =>
  columns.filter(({ taint }) => taint === 'plain').map((column) => `${name}.${column.name}`),
)
