import type { EngineName } from '@gatehouse/core'

/** What came of texts: the label `outcome`. */
export const OUTCOME_LABELS = [
  'ok',
  /** By the gateway: nothing of it was sent. */
  'refused',
  /** A limit of the policy was reached while it ran. */
  'limit',
  'cancelled',
  'constraint',
  /** Its syntax, its names, its rights: the text has to be another. */
  'statement',
  'data',
  /** Deadlocks, locks that were not had, what could not be serialised. */
  'conflict',
  'transaction',
  'resources',
  'connection',
  /** An error before it, in the same batch. */
  'skipped',
  /** The session ended while it ran. */
  'unfinished',
  'other',
] as const

export type OutcomeLabel = (typeof OUTCOME_LABELS)[number]

const INDEX: ReadonlyMap<OutcomeLabel, number> = new Map(OUTCOME_LABELS.map((label, index) => [label, index]))

/** By SQLSTATE, or by its class. */
const POSTGRES: Readonly<Record<string, OutcomeLabel>> = {
  '53400': 'limit',
  '57014': 'cancelled',
  '23': 'constraint',
  '42': 'statement',
  '26': 'statement',
  '34': 'statement',
  '3D': 'statement',
  '3F': 'statement',
  '0A': 'statement',
  '28': 'statement',
  '22': 'data',
  '21': 'data',
  '40': 'conflict',
  '55': 'conflict',
  '25': 'transaction',
  '53': 'resources',
  '54': 'resources',
  '58': 'resources',
  '57': 'connection',
  '08': 'connection',
}

/** By error number, of MySQL and MariaDB. */
const MYSQL: Readonly<Record<OutcomeLabel, readonly number[]>> = {
  ok: [],
  refused: [],
  limit: [1226],
  cancelled: [1317, 1969, 3024],
  constraint: [1022, 1048, 1062, 1169, 1216, 1217, 1364, 1451, 1452, 1557, 1586, 3819, 4025],
  statement: [
    1044, 1046, 1049, 1050, 1051, 1052, 1054, 1060, 1061, 1064, 1091, 1136, 1142, 1143, 1146, 1149, 1227, 1235, 1243,
    1248, 1305, 1347, 1356, 1370, 1419, 1582,
  ],
  data: [1264, 1265, 1292, 1365, 1366, 1367, 1406, 1411, 1690, 3140, 3141, 3143],
  conflict: [1205, 1213, 1614, 3572],
  transaction: [1568, 1792, 1400],
  resources: [1021, 1037, 1038, 1040, 1041, 1114, 1203, 3],
  connection: [1053, 1077, 1152, 1158, 1159, 1160, 1161, 1927, 3169],
  skipped: [],
  unfinished: [],
  other: [],
}

const BY_NUMBER: ReadonlyMap<string, OutcomeLabel> = new Map(
  OUTCOME_LABELS.flatMap((label) => MYSQL[label].map((number): [string, OutcomeLabel] => [String(number), label])),
)

/** What an outcome's error code says, in few words; null: there was none. */
export function outcomeOf(engine: EngineName, error: string | null): OutcomeLabel {
  if (error === null) return 'ok'
  if (error === 'skipped' || error === 'unfinished') return error
  if (engine === 'mysql') return BY_NUMBER.get(error) ?? 'other'
  return POSTGRES[error] ?? POSTGRES[error.slice(0, 2)] ?? 'other'
}

/** The index of a label in `OUTCOME_LABELS`. */
export function outcomeIndex(label: OutcomeLabel): number {
  return INDEX.get(label) ?? OUTCOME_LABELS.length - 1
}
