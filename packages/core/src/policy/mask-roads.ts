/** The roads by which a masked value could leave without being an output column: each is refused while a mask holds. */
import type { Access, Action, FunctionUse, StatementFacts } from '../statement/facts.ts'
import { isOnSchema, isOutsideSchemas } from './action-words.ts'
import type { Denial, DenialCode } from './decision.ts'
import type { FunctionRules } from './function-rules.ts'
import type { Masks } from './mask-rules.ts'
import { columnText, relationText } from './object-names.ts'
import { holdsCredentials, holdsValues, mayShowValues } from './value-relations.ts'

/** Why the statement is refused for a road it opens or takes; null when it is not. Only while a mask holds. */
export function refusedRoad(statement: StatementFacts, masks: Masks, functions: FunctionRules): Denial | null {
  return (
    refusedFunction(statement, masks, functions) ??
    refusedDefinition(statement, masks) ??
    refusedSamples(statement, masks) ??
    refusedFile(statement, masks) ??
    refusedHandover(statement, masks, functions)
  )
}

/** Definitions that make code, or make a relation whose rows come from elsewhere: what they read cannot be followed. */
const codeActions = new Set<Action>(
  `create_aggregate create_cast create_event alter_event create_event_trigger create_extension create_function create_language
  create_operator create_policy create_procedure create_publication create_routine create_rule create_transform create_trigger
  create_foreign_data_wrapper create_foreign_table create_server alter_server create_subscription create_user_mapping
  import_foreign_schema load create_library create_package import_table install_component install_plugin`.split(/\s+/),
)

/** Kinds whose ALTER neither renames columns nor relations. */
const plainAlterations = new Set<Action>(
  `alter_aggregate alter_collation alter_conversion alter_default_privileges alter_domain alter_function alter_index
  alter_large_object alter_operator alter_operator_class alter_operator_family alter_procedure alter_routine alter_sequence
  alter_statistics alter_text_search_configuration alter_text_search_dictionary alter_text_search_parser
  alter_text_search_template alter_trigger alter_type`.split(/\s+/),
)

/** Masks follow base columns by name: what renames them or attaches code to them is refused. */
function refusedDefinition(statement: StatementFacts, masks: Masks): Denial | null {
  const accesses = statement.accesses.some(({ action }) => action === statement.action)
    ? statement.accesses
    : [...statement.accesses, { action: statement.action, relation: null, columns: null }]
  for (const access of accesses) {
    const object = access.relation === null ? access.action : relationText(access.relation)
    if (codeActions.has(access.action)) {
      return roadDenial(
        masks.firstRule,
        object,
        `${access.action} makes something whose use of masked columns cannot be followed`,
        'Write the logic into the statement itself, or ask an operator to make the change outside the gateway.',
      )
    }
    const rule = mayRename(access) ? renamed(access, masks) : null
    if (rule === null) continue
    return roadDenial(
      rule,
      object,
      `${access.action} on ${object} could take masked columns out of their mask`,
      'Leave the definition of this relation as it is, or ask an operator to make the change outside the gateway.',
    )
  }
  return null
}

function mayRename({ action }: Access): boolean {
  if (!action.startsWith('alter_') || plainAlterations.has(action)) return false
  return isOnSchema(action) || !isOutsideSchemas(action)
}

/** A table renamed takes its columns along, so an access that names no column is one to them all. */
function renamed(access: Access, masks: Masks): string | null {
  if (access.relation === null) return masks.firstRule
  return masks.ruleOver({ ...access, columns: access.columns?.length === 0 ? null : access.columns })
}

/** A function whose body cannot be read could read masked columns, and tell of them by whatever comes of it. */
function refusedFunction(statement: StatementFacts, masks: Masks, functions: FunctionRules): Denial | null {
  for (const use of opaqueFunctions(statement)) {
    const object = `function ${relationText(use)}`
    const reads = functions.readsOf(use)
    if (reads === null) {
      return roadDenial(
        masks.firstRule,
        object,
        use.trust === 'revealing'
          ? `${object} shows what other tables, files or sessions hold, which cannot be masked`
          : `${object} is not written in SQL that could be followed, and could read masked columns`,
        'Write the statement without it (or without writing to the table whose trigger it is). The operator can say under `functions:` in the policy what it reads.',
      )
    }
    const masked = reads.find(({ schema, relation, column }) =>
      masks.ruleOver({
        action: 'select',
        relation: { schema, name: relation },
        columns: column === null ? null : [column],
      }),
    )
    if (masked === undefined) continue
    const read = [masked.schema, masked.relation, ...(masked.column === null ? [] : [masked.column])].join('.')
    return roadDenial(
      masks.firstRule,
      object,
      `${object} reads ${read}, which is masked or has masked columns`,
      'Select the columns themselves: masked ones come back masked.',
    )
  }
  return null
}

/** Functions that read what facts cannot tell. System views call some of them for columns that show no value: then only what comes out counts. */
function opaqueFunctions(statement: StatementFacts): FunctionUse[] {
  const shown = [...(statement.output ?? []), ...statement.writes].flatMap(({ through }) => through)
  const opaque = ({ trust }: FunctionUse): boolean => trust === 'user' || trust === 'unknown' || trust === 'revealing'
  return [
    ...statement.functions.filter(opaque),
    ...statement.beneath.functions.filter(
      (use) =>
        opaque(use) &&
        (use.trust !== 'revealing' || shown.some(({ schema, name }) => schema === use.schema && name === use.name)),
    ),
  ]
}

/** Statistics, statement history and logs hold values in other columns than their own. */
function refusedSamples(statement: StatementFacts, masks: Masks): Denial | null {
  const access = statement.accesses.find(mayShowValues)
  if (access !== undefined) return samplesDenial(relationText(access.relation), masks)
  const places = [...(statement.output ?? []), ...statement.writes]
  const held = [...places.flatMap(({ sources }) => sources), ...statement.decides]
    .map(({ column }) => column)
    .find((column) => holdsValues(column) || (holdsCredentials(column) && masks.of(column) === null))
  return held === undefined ? null : samplesDenial(columnText(held), masks)
}

function samplesDenial(object: string, masks: Masks): Denial {
  return roadDenial(
    masks.firstRule,
    object,
    `${object} holds values of other tables or text of other sessions, which cannot be masked`,
    'Name only columns of it that hold no values, or do without it.',
  )
}

/** What is written to a file or handed to a program leaves unmasked; COPY … FROM only brings values in. */
function refusedFile(statement: StatementFacts, masks: Masks): Denial | null {
  const [file] = [...statement.files, ...statement.programs]
  if (file === undefined || statement.action === 'copy_from') return null
  return roadDenial(
    masks.firstRule,
    file,
    'a file or program of the database server would get values unmasked',
    'Select the rows over this connection instead; masked columns come back masked.',
  )
}

/** A function that is more than a computation can store, send or show what it is given, and so can a setting. */
function refusedHandover(statement: StatementFacts, masks: Masks, functions: FunctionRules): Denial | null {
  const use = [...statement.functions, ...statement.beneath.functions].find(
    (candidate) =>
      candidate.trust !== 'harmless' &&
      candidate.trust !== 'expanded' &&
      functions.readsOf(candidate) === null &&
      !readsSetting(candidate),
  )
  const setting = statement.settings.find(({ action, value }) => action === 'set' && value === null)
  if (use === undefined && setting === undefined) return null
  const rule = ruleOfTouched(statement, masks)
  if (rule === null) return null
  if (use === undefined) {
    const object = `setting ${setting?.name ?? ''}`
    return roadDenial(
      rule,
      object,
      `${object} could be given a masked value`,
      'Set it to a literal.',
      'MASKED_COLUMN_COPIED',
    )
  }
  const object = `function ${relationText(use)}`
  return roadDenial(
    rule,
    object,
    `${object} could be given masked values, and what it does with them cannot be followed`,
    'Call the function in a statement that reads no masked columns, or leave the masked columns out of this one.',
  )
}

function readsSetting(use: FunctionUse): boolean {
  return use.schema === 'pg_catalog' && use.name === 'current_setting'
}

/** The mask rule of a column the statement reads anywhere, in subqueries whose result is thrown away too. */
function ruleOfTouched(statement: StatementFacts, masks: Masks): string | null {
  for (const access of statement.accesses) {
    if (access.action !== 'select' && access.action !== 'copy_to') continue
    const rule = masks.ruleOver(access)
    if (rule !== null) return rule
  }
  const sources = [...(statement.output ?? []), ...statement.writes].flatMap((place) => place.sources)
  for (const { column } of [...sources, ...statement.decides]) {
    const mask = masks.of(column)
    if (mask !== null) return mask.rule
  }
  return null
}

function roadDenial(
  rule: string,
  object: string,
  reason: string,
  hint: string,
  code: DenialCode = 'MASK_NOT_POSSIBLE',
): Denial {
  return { kind: 'deny', code, rule, object, reason, hint }
}
