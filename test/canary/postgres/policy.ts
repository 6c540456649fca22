import { MASKED_COLUMNS } from './schema.ts'

/** Targets whose masks show nothing of a value: two databases that differ in masked values alone must answer with equal bytes. */
export const HIDING_TARGETS = ['one', 'two'] as const
/** Targets under every kind of mask, of which some show parts: only canaries can be looked for. */
export const SHOWING_TARGETS = ['shown', 'other'] as const

const RULES = `
rules:
  - name: agents-work
    allow:
      actions: [select, explain, session, copy_to, copy_from, listen, notify, lock, write, ddl, call, do, set_constraints]
      relations: [news, public.*, scratch.*, scratch, made_*, seen_*, "pg_temp*.*", pg_catalog.*, information_schema.*]
      functions: ["*"]
      settings: ["*"]
  - { name: vault-is-closed, deny: { relations: [public.vault] } }
functions:
  - { functions: [public.f_look], reads: [public.people.email] }
  - { functions: [public.f_tell], reads: nothing }
`

/** Columns that come back as NULL; those of one name alike, so that one may be written to the other. */
const NULLED = /\.(?:salary|token|seen|card|took|tier)$/

/** Masks that show a part of a value, or a digest of it, by column; the rest is redacted. */
const SHOWING: Readonly<Record<string, string>> = {
  'public.people.ssn': '{ partial: { keepLast: 4 } }',
  'public.people.email': 'hash',
  'public.people.salary': '{ truncate: 1000000 }',
  'public.people.account': 'hash',
  'public.people.born': '{ truncate: year }',
  'public.people.seen': '{ truncate: month }',
  'public.people.token': 'hash',
  'public.people.photo': 'hash',
  'public.people.tags': '{ partial: { keepFirst: 2 } }',
  'public.people.rate': '{ constant: "7.50" }',
  'public.people_kid.pin': 'hash',
  'public.people_copy.ssn': '{ partial: { keepLast: 4 } }',
  'public.people_copy.email': 'hash',
  'public.people_copy.salary': '{ truncate: 1000000 }',
  'public.people_copy.born': '{ truncate: year }',
  'public.people_copy.token': 'hash',
  'public.orders.card': '{ partial: { keepFirst: 2, keepLast: 2 } }',
  'public.events.score': '{ truncate: 1000 }',
}

const named = (targets: readonly string[]): string => `[${targets.join(', ')}]`

/** The policy of every target. */
export const POLICY: string = [
  RULES,
  'masks:',
  ...MASKED_COLUMNS.map(
    (column, index) =>
      `  - { name: hides ${String(index)}, target: ${named(HIDING_TARGETS)}, columns: [${column}], with: ${NULLED.test(column) ? 'null' : 'redact'} }`,
  ),
  ...MASKED_COLUMNS.map(
    (column, index) =>
      `  - { name: shows ${String(index)}, target: ${named(SHOWING_TARGETS)}, columns: [${column}], with: ${SHOWING[column] ?? 'redact'} }`,
  ),
].join('\n')
