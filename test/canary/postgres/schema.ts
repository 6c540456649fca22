// A table: what the generator knows of schema.sql. `*` is a masked column, `+` one computed from masked ones, `=` one that is not written.
import { readRelations, type Column as AnyColumn, type Relation as AnyRelation } from '../writing.ts'

/** Types of expressions, as the server names them; domains count as their base type. */
export const TYPES = [
  'int4',
  'int8',
  'numeric',
  'float8',
  'text',
  'bool',
  'date',
  'timestamptz',
  'interval',
  'uuid',
  'bytea',
  'jsonb',
  'json',
  'text[]',
  'int4[]',
  'inet',
  'level',
  'address',
  'int4range',
  'xml',
] as const
export type Type = (typeof TYPES)[number]

/** As `writing.ts` has them, of PostgreSQL's types. */
export type Column = AnyColumn<Type>
export type Relation = AnyRelation<Type>

const TABLES = {
  people:
    'id:int4 name:text team:text age:int4 hired:date prefs:jsonb labels:text[] active:bool rank:level since:timestamptz ssn:text* email:text* salary:int4* account:int8* rate:numeric* born:date* seen:timestamptz* token:uuid* photo:bytea* doc:jsonb* tags:text[]* home:inet* tier:level* addr:address* span:int4range* shouted:text+= initial:text=',
  people_kid:
    'id:int4 name:text team:text age:int4 hired:date prefs:jsonb labels:text[] active:bool rank:level since:timestamptz ssn:text* email:text* salary:int4* account:int8* rate:numeric* born:date* seen:timestamptz* token:uuid* photo:bytea* doc:jsonb* tags:text[]* home:inet* tier:level* addr:address* span:int4range* shouted:text+= initial:text= pin:int4* school:text',
  people_copy: 'id:int4 name:text ssn:text* email:text* salary:int4* born:date* token:uuid* doc:jsonb*',
  people_log: 'id:int4= person_id:int4 was:text* at_team:text',
  orders: 'id:int4 person_id:int4 amount:numeric status:text placed:date note:text items:int4[] card:text* memo:xml*',
  events: 'id:int4 day:date person_id:int4 kind:text payload:jsonb ip:inet* score:float8* took:interval* raw:json*',
  events_old: 'id:int4 day:date person_id:int4 kind:text payload:jsonb ip:inet* score:float8* took:interval* raw:json*',
  events_new: 'id:int4 day:date person_id:int4 kind:text payload:jsonb ip:inet* score:float8* took:interval* raw:json*',
  products: 'id:int4 name:text price:numeric stock:int4 attrs:jsonb dims:int4[]',
  readings:
    'id:int4 i:int4 b:int8 n:numeric f:float8 t:text ok:bool d:date ts:timestamptz iv:interval u:uuid x:bytea j:jsonb js:json a:text[] ia:int4[] ip:inet lv:level ad:address r:int4range doc:xml',
  sink: 'id:int4= i:int4 b:int8 n:numeric f:float8 t:text ok:bool d:date ts:timestamptz u:uuid x:bytea j:jsonb a:text[] ip:inet lv:level ad:address r:int4range',
}

const VIEWS = {
  v_people: 'id:int4 label:text remark:text* figure:int4* moment:date* bag:jsonb*',
  v_nested: 'id:int4 label:text memo:text* figure:int4* status:text',
  v_raised: 'id:int4 team:text doubled:int4+ loud:text+ older:int4',
  v_teams: 'team:text heads:int8 oldest:int4 highest:int4+',
  v_both: 'id:int4 name:text code:text+',
  v_stock: 'id:int4 name:text worth:numeric',
  v_kid: 'id:int4 name:text number:int4* school:text words:text[]*',
  mv_people: 'id:int4 team:text tag:text* amount:int4* handle:uuid*',
}

export const TABLE_LIST: readonly Relation[] = readRelations(TABLES, 'table', TYPES)
export const RELATIONS: readonly Relation[] = [...TABLE_LIST, ...readRelations(VIEWS, 'view', TYPES)]

/** Children and partitions: their columns are masked because their parent's are, and no policy names them. */
const FOLLOWERS: ReadonlySet<string> = new Set(['events_old', 'events_new'])
const INHERITED: ReadonlySet<string> = new Set(
  TABLE_LIST.find(({ name }) => name === 'people')?.columns.map(({ name }) => name),
)

/** The columns under mask, as a policy names them. */
export const MASKED_COLUMNS: readonly string[] = TABLE_LIST.filter(({ name }) => !FOLLOWERS.has(name)).flatMap(
  ({ name, columns }) =>
    columns
      .filter((column) => column.taint === 'plain' && !(name === 'people_kid' && INHERITED.has(column.name)))
      .map((column) => `public.${name}.${column.name}`),
)
