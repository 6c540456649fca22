import type { StatementFacts, TextFacts } from '@gatehouse/core'

/** What a start-up message asks for besides user and database. */
export interface StartupSettings {
  readonly applicationName: string | null
  /** Settings as by SET, names in lower case. */
  readonly settings: ReadonlyMap<string, string>
  /** The client wants to log in by SASL OAUTHBEARER in place of a password. */
  readonly oauth: boolean
}

/** How a client asks for OAUTHBEARER: `options=-cgatehouse.login=oauthbearer`. */
const LOGIN_SETTING = 'gatehouse.login'
const NOT_SETTINGS = new Set(['user', 'database', 'options', 'replication', 'application_name', 'client_encoding'])
/** What stands for UTF-8 (PostgreSQL manual, "Character Set Support"); SQL_ASCII is what libpq sends when it knows nothing. */
const UTF8_NAMES = new Set(['utf8', 'utf-8', 'unicode', 'sql_ascii', ''])

/** Reads the parameters of a StartupMessage; a string says what is refused. */
export function readStartupSettings(parameters: ReadonlyMap<string, string>): StartupSettings | string {
  const replication = parameters.get('replication')?.toLowerCase()
  if (replication !== undefined && !['false', 'off', 'no', '0'].includes(replication))
    return 'replication connections are not carried'
  const settings = new Map<string, string>()
  const problem = readOptions(parameters.get('options') ?? '', settings)
  if (problem !== null) return problem
  for (const [name, value] of parameters) {
    if (!NOT_SETTINGS.has(name) && !name.startsWith('_pq_.')) settings.set(name.toLowerCase(), value)
  }
  const encoding = (parameters.get('client_encoding') ?? settings.get('client_encoding') ?? '')
    .toLowerCase()
    .replaceAll(/["']/g, '')
  if (!UTF8_NAMES.has(encoding)) return `client_encoding ${encoding.slice(0, 40)} is not carried, only UTF8`
  settings.delete('client_encoding')
  const login = settings.get(LOGIN_SETTING)
  settings.delete(LOGIN_SETTING)
  if (login !== undefined && login !== 'oauthbearer' && login !== 'password')
    return `${LOGIN_SETTING} is password or oauthbearer`
  const applicationName = parameters.get('application_name') ?? settings.get('application_name') ?? null
  settings.delete('application_name')
  return { applicationName, settings, oauth: login === 'oauthbearer' }
}

/** `-c name=value`, `-cname=value` and `--name=value`, with backslash before a blank that belongs to a value. Null: read. */
function readOptions(text: string, settings: Map<string, string>): string | null {
  const words = (text.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replaceAll(/\\(.)/gs, '$1'))
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const setting =
      word === '-c'
        ? (words[++index] ?? '')
        : word.startsWith('-c')
          ? word.slice(2)
          : word.startsWith('--')
            ? word.slice(2)
            : null
    const equals = setting?.indexOf('=') ?? -1
    if (setting === null || equals <= 0)
      return `the start-up option ${word.slice(0, 40)} is not carried, only -c name=value`
    settings.set(setting.slice(0, equals).toLowerCase().replaceAll('-', '_'), setting.slice(equals + 1))
  }
  return null
}

/** The settings as the facts of a SET statement, so that policy decides on them like on any other. */
export function settingsFacts(settings: ReadonlyMap<string, string>): TextFacts {
  const statement: StatementFacts = {
    action: 'set',
    accesses: [],
    functions: [],
    unboundedWrite: false,
    settings: [...settings].map(([name, value]) => ({ action: 'set' as const, name, value })),
    files: [],
    programs: [],
    dynamicSql: false,
    output: null,
    decides: [],
    writes: [],
    beneath: { accesses: [], functions: [] },
    names: { prepared: null, cursor: null },
    changesNames: true,
    complete: true,
    reason: null,
  }
  return { statements: [statement], fingerprint: '0000000000000000' }
}
