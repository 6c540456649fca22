import { MASKED_COLUMNS } from './schema.ts'

/** Targets whose masks show nothing of a value: two databases that differ in masked values alone must answer with equal bytes. */
export const HIDING_TARGETS = ['one', 'two'] as const
/** Targets under every kind of mask, of which some show parts: only canaries can be looked for. */
export const SHOWING_TARGETS = ['shown', 'other'] as const
type TargetName = (typeof HIDING_TARGETS | typeof SHOWING_TARGETS)[number]

/** Columns that come back as NULL; those of one name alike, so that one may be written to the other. */
const NULLED = /\.(?:salary|seen|card|took|tier|code|home)$/

/** Masks that show a part of a value, or a digest of it, by column; the rest is redacted. */
const SHOWING: Readonly<Record<string, string>> = {
  'people.ssn': '{ partial: { keepLast: 4 } }',
  'people.email': 'hash',
  'people.salary': '{ truncate: 1000000 }',
  'people.account': 'hash',
  'people.born': '{ truncate: year }',
  'people.seen': '{ truncate: month }',
  'people.photo': 'hash',
  'people.notes': '{ partial: { keepFirst: 2 } }',
  'people.rate': '{ constant: "7.50" }',
  'people_copy.ssn': '{ partial: { keepLast: 4 } }',
  'people_copy.email': 'hash',
  'people_copy.salary': '{ truncate: 1000000 }',
  'people_copy.born': '{ truncate: year }',
  'orders.card': '{ partial: { keepFirst: 2, keepLast: 2 } }',
  'events.score': '{ truncate: 1000 }',
}

/** The policy of every target; `databases` are the names that the targets' databases have at the server. */
export function policyOf(databases: Readonly<Record<TargetName, string>>): string {
  const names = Object.values(databases)
  const each = (suffix: string): string => names.map((name) => `${name}${suffix}`).join(', ')
  const rules = `
rules:
  - name: agents-work
    allow:
      actions: [select, explain, session, write, ddl, call, do, lock, set, prepare, execute, deallocate, checksum, check]
      relations: [${each('.*')}, made_*, seen_*, hh, seq_*, information_schema.*, performance_schema.*, sys.*, mysql.*]
      functions: ["*"]
      settings: ["*"]
  - { name: vault-is-closed, deny: { relations: [${each('.vault')}] } }
functions:
${names.map((name) => `  - { functions: [${name}.f_look], reads: [${name}.people.email] }`).join('\n')}
`
  // One rule for each pair: refusals name the rule, and must not differ.
  const masks = (targets: readonly TargetName[], what: string, kindOf: (column: string) => string): string[] =>
    MASKED_COLUMNS.map((column, index) => {
      const columns = targets.map((target) => `${databases[target]}.${column}`)
      return `  - { name: ${what} ${String(index)}, target: [${targets.join(', ')}], columns: [${columns.join(', ')}], with: ${kindOf(column)} }`
    })
  return [
    rules,
    'masks:',
    ...masks(HIDING_TARGETS, 'hides', (column) => (NULLED.test(column) ? 'null' : 'redact')),
    ...masks(SHOWING_TARGETS, 'shows', (column) => SHOWING[column] ?? 'redact'),
  ].join('\n')
}
