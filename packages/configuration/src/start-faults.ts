import { X509Certificate } from 'node:crypto'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { ConfigProblem, SettingPath } from './config-problem.ts'
import { settingName } from './config-problem.ts'
import { listenAddress, type ListenAddress } from './listen-settings.ts'
import type { ConfigLoading, ConfigReading } from './load-config.ts'

/** What stands in the way of a start though the settings are what they must be; `path`: the setting that says so. */
export interface PlacedFault {
  readonly path: SettingPath
  readonly message: string
}

/** What came of a file, with these faults among its problems; one of a setting that has a problem already is left out. */
export function withFaults<Config>(
  { loading, problemAt }: ConfigReading<Config>,
  faults: readonly PlacedFault[],
): ConfigLoading<Config> {
  const known: readonly ConfigProblem[] = loading.kind === 'problems' ? loading.problems : []
  const added = faults.filter(({ path }) => !known.some(({ setting }) => setting === settingName(path)))
  if (added.length === 0) return loading
  return { kind: 'problems', problems: [...known, ...added.map(({ path, message }) => problemAt(path, message))] }
}

/** What stands at a path of values that may be wrong everywhere; undefined: nothing. */
export function placed(values: unknown, path: SettingPath): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined,
    values,
  )
}

/** Why nobody would take the certificate in this file now; empty: they would, or what is wrong is the schema's to say. */
export function certificateFault(values: unknown, directory: string, path: SettingPath): readonly PlacedFault[] {
  const file = placed(values, path)
  if (typeof file !== 'string') return []
  try {
    const { validFromDate, validToDate } = new X509Certificate(readFileSync(resolve(directory, file)))
    const now = Date.now()
    if (validToDate.getTime() <= now)
      return [
        { path, message: `holds a certificate that ended on ${validToDate.toISOString()}; put a newer one there` },
      ]
    if (validFromDate.getTime() > now)
      return [{ path, message: `holds a certificate that begins on ${validFromDate.toISOString()} only` }]
    return []
  } catch {
    return []
  }
}

/** Why nothing can be written in this directory, or why it cannot be made; empty: it can. */
export function directoryFault(values: unknown, base: string, path: SettingPath): readonly PlacedFault[] {
  const given = placed(values, path)
  if (typeof given !== 'string' || given === '') return []
  const directory = resolve(base, given)
  const found = statSync(directory, { throwIfNoEntry: false })
  if (found?.isDirectory() === false) return [{ path, message: `is ${directory}, which is no directory` }]
  const written = found === undefined ? dirname(directory) : directory
  if (found === undefined && statSync(written, { throwIfNoEntry: false })?.isDirectory() !== true)
    return [{ path, message: `is ${directory}, and there is no directory ${written} to make it in; make that one` }]
  try {
    accessSync(written, constants.W_OK | constants.X_OK)
    return []
  } catch {
    return [{ path, message: `cannot be written: this process has no right to write in ${written}` }]
  }
}

/**
 * Why these addresses cannot be listened on now. `paths`: where they stand, and what is listened on where nothing does (null: nowhere); an address that cannot be
 * read is the schema's to say.
 */
export async function listenFaults(
  values: unknown,
  paths: readonly (readonly [path: SettingPath, otherwise: string | null])[],
): Promise<readonly PlacedFault[]> {
  const faults: PlacedFault[] = []
  const taken = new Map<string, SettingPath>()
  for (const [path, otherwise] of paths) {
    const read = listenAddress().safeParse(placed(values, path) ?? otherwise)
    if (!read.success) continue
    const { host, port } = read.data
    const other = port === 0 ? undefined : taken.get(`${host} ${port}`)
    if (other === undefined) taken.set(`${host} ${port}`, path)
    const message =
      other === undefined ? await listenFault(read.data) : `is that of ${settingName(other)} too; choose another port`
    if (message !== null) faults.push({ path, message })
  }
  return faults
}

function listenFault({ host, port }: ListenAddress): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => done(faultOf(error, port)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(null)))
  })
}

function faultOf({ code = '', message }: NodeJS.ErrnoException, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `cannot be listened on: another process has port ${String(port)}; stop it, or choose another port`
    case 'EACCES':
      return `cannot be listened on: this process has no right to port ${String(port)}; choose one from 1024 on`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'cannot be listened on: this host has no such address'
    default:
      return `cannot be listened on: ${message}`
  }
}
