import { type Canary, dateBytes, numberBytes } from '../corpus/canaries.ts'

/** Masks name their schema: app.users is another table, without any. */
const MASKS = `
masks:
  - columns: [public.users.ssn, public.users.salary, public.users.dob, public.users.doc, public.users.photo, public.users.tags]
    with: redact
  - columns: [public.people.ssn, public.holders.ssn, public.bands.salary, public.rooms.salary, public.paid.salary, public.places.ssn, public.letters.address, public.keepers.ssn]
    with: redact
  - { columns: [public.users.email], with: { partial: { keepLast: 4 } } }
`

const READS = `
rules:
  - name: agents-read
    allow:
      actions: [select, explain, session, copy_to, listen]
      relations: [news, public.*, app.*, scratch.*, "pg_temp*.*", pg_catalog.*, information_schema.*]
  - name: functions-that-masks-must-refuse
    allow: { functions: [lo_get, pg_stat_get_activity, pg_stat_get_backend_activity] }
  - { name: vault-is-closed, deny: { relations: [public.vault, public.offices_closed] } }
`

export const READER: string = READS + MASKS

/** One who may also move the search path, and make and change tables but the masked ones. */
export const WRITER: string = `${READS}  - name: agents-write
    allow: { actions: [write, ddl], relations: [public.*, scratch.*, "pg_temp*.*"], settings: [search_path], functions: [public.f_look, public.f_next, pg_catalog.lo_get, pg_catalog.pg_stat_get_activity] }
${MASKS}`

export const CANARIES: readonly Canary[] = [
  ...['987-65-4320', '123-45-6789', '777-88-9999', '111-22-3333'].map((value) => ({ name: 'ssn', value })),
  ...[91_234, 81_234, 61_234].map((value) => ({ name: 'salary', value: String(value), binary: numberBytes(value) })),
  ...['1981-02-03', '1992-03-04', '1975-04-05'].map((value) => ({ name: 'dob', value, binary: [dateBytes(value)] })),
  ...['ann', 'bob', 'dee'].map((local) => ({ name: 'email', value: `${local}@corp` })),
]

/** Changes every masked value and no other: what is hidden must look the same before and after. */
export const OTHER_VALUES = `
UPDATE people SET ssn = '000-11-222' || id;
UPDATE holders SET ssn = '000-11-2222';
UPDATE bands SET salary = 50;
UPDATE rooms SET salary = 77;
UPDATE paid SET salary = 1000 + id;
UPDATE places SET ssn = '000-11-222' || id;
UPDATE users SET ssn = '000-11-2222', salary = 45678, dob = '2001-09-09', doc = '{"tags": []}', photo = '\\x1234', tags = '{q,r,s}';
REFRESH MATERIALIZED VIEW mv_users`
