import { type Canary, dateBytes, mysqlDateBytes, mysqlNumberBytes, numberBytes } from './canaries.ts'

const masks = `
masks:
  - { columns: [users.ssn, users.salary, users.dob, users.photo, users.doc], with: redact }
  - { columns: [users.email], with: { partial: { keepLast: 4 } } }
`

const reading = `
rules:
  - name: agents-read
    allow:
      actions: [select, explain, session, copy_to]
      relations: [public.*, app.*, information_schema.*, pg_catalog.pg_class, pg_catalog.pg_attribute, pg_catalog.pg_namespace,
        pg_catalog.pg_type, pg_catalog.pg_constraint, pg_catalog.pg_index, pg_catalog.pg_proc, pg_catalog.pg_stats]
  - { name: vault-is-closed, deny: { relations: [public.vault] } }
`

/** The policy that the corpus assumes: an agent that reads. */
export const READER: string = reading + masks

/** The same for an agent that also writes: then masks alone stand between a value and a place where it could be read. */
export const WRITER: string = `${reading}  - name: agents-write
    allow: { actions: [write, lock, create_table, create_view, drop_table], relations: [public.*, app.*] }
${masks}`

/** What the corpus assumes, for the databases that its `app` and `other` are here. */
export function mysqlPolicies(app: string, other: string): { readonly reader: string; readonly writer: string } {
  const mysqlReading = `
rules:
  - name: agents-read
    allow: { actions: [select, explain, session], relations: [${app}.*, ${other}.*, information_schema.*, mysql.column_stats] }
  - { name: vault-is-closed, deny: { relations: [${app}.vault] } }
`
  const writing = `  - name: agents-write
    allow: { actions: [write, lock, create_table, create_view, drop_table], relations: [${app}.*, ${other}.*] }
`
  return { reader: mysqlReading + masks, writer: mysqlReading + writing + masks }
}

/** How a server sends in binary what has a form of its own there. */
interface BinaryForms {
  readonly number: (value: number) => readonly Buffer[]
  readonly date: (iso: string) => Buffer
}

function canaries({ number, date }: BinaryForms): readonly Canary[] {
  return [
    ...['987-65-4320', '123-45-6789', '555-44-3333', '111-22-3333'].map((value) => ({ name: 'ssn', value })),
    ...[91_234, 81_234, 71_234].map((value) => ({ name: 'salary', value: String(value), binary: number(value) })),
    ...['1981-02-03', '1992-03-04', '1975-04-05'].map((value) => ({ name: 'dob', value, binary: [date(value)] })),
    ...['ann', 'bob', 'cyd'].map((local) => ({ name: 'email', value: `${local}@corp` })),
  ]
}

/** The values in the masked columns of the corpus's schema, and, as a cell that is it whole, the secret of the denied table. */
export const CANARIES: readonly Canary[] = [
  ...canaries({ number: numberBytes, date: dateBytes }),
  { name: 'vault.secret', value: '\0\0\0\u0003top' },
]

/** The same as MySQL sends them. */
export const MYSQL_CANARIES: readonly Canary[] = [
  ...canaries({ number: mysqlNumberBytes, date: mysqlDateBytes }),
  { name: 'vault.secret', value: '\u0003top' },
]
