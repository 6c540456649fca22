import { statSync } from 'node:fs'
import type { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { CertificateEnd } from './certificate-end.ts'
import type { ChainStanding } from './standing-chain.ts'
import type { TlsLog } from './tls-log.ts'
import { filesOf, type LoadedTls, loadTls, type TlsFiles } from './tls-files.ts'

/** How often it is looked whether a file is another. */
const CHECK_MILLISECONDS = 2000

/** How the files of one side of TLS are just now. */
export interface TlsState {
  /** When what this side shows ends, milliseconds since the epoch; null: it shows nothing. */
  readonly endsAt: number | null
  /** Why the files as they are now are not in use; null: they are. */
  readonly fault: string | null
}

/**
 * One side of TLS, read anew when a file changes: what is in use is replaced as a whole, for handshakes from then on.
 * Connections that are open stay. What cannot be used is passed over, loudly: the last good files stay in use.
 */
export class ReloadedTls {
  /** Where it stands in the configuration, for the log. */
  readonly #setting: string
  readonly #files: TlsFiles
  readonly #log: TlsLog
  readonly #now: () => number
  readonly #end: CertificateEnd
  #loaded: LoadedTls
  #seen: string
  #fault: string | null = null
  #timer: NodeJS.Timeout | null = null
  #replaced: (loaded: LoadedTls) => void = () => undefined

  /** Reads the files. Throws an Error that says what is wrong with which of them. */
  constructor(setting: string, files: TlsFiles, log: TlsLog, now: () => number) {
    this.#setting = setting
    this.#files = files
    this.#log = log
    this.#now = now
    this.#seen = signature(files)
    this.#loaded = loadTls(files)
    this.#end = new CertificateEnd(setting, log)
    if (this.#loaded.certificate !== null) this.#say('certificate in use')
  }

  /** What the next handshake goes by. */
  get secureContext(): SecureContext {
    return this.#loaded.context
  }

  /** The same, for servers that make their context themselves. */
  get options(): LoadedTls['options'] {
    return this.#loaded.options
  }

  /** Whether chains that were verified before stand by what is in use now. */
  get standing(): ChainStanding {
    return this.#loaded.standing
  }

  get state(): TlsState {
    return { endsAt: this.#loaded.certificate?.validToDate.getTime() ?? null, fault: this.#fault }
  }

  /** Looks every two seconds whether a file is another, until `close`. `replaced` is told of what is in use from then on. */
  watch(replaced: (loaded: LoadedTls) => void = () => undefined): this {
    this.#replaced = replaced
    this.#timer = setInterval(() => this.#check(), CHECK_MILLISECONDS).unref()
    return this
  }

  /** Reads the files again now. Never throws: what is wrong is logged, and what was in use stays. */
  reload(): void {
    this.#seen = signature(this.#files)
    try {
      const loaded = loadTls(this.#files)
      const { certificate } = loaded
      if (certificate !== null) this.#refuseUntimely(certificate)
      this.#loaded = loaded
      this.#fault = null
      this.#replaced(loaded)
      this.#say('certificates read again')
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error)
      if (fault === this.#fault) return
      this.#fault = fault
      this.#log.error(
        { setting: this.#setting, fault },
        'the changed files cannot be used; the last good ones stay in use',
      )
    }
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #check(): void {
    // What had a fault may have none by now: a certificate's time has come.
    if (signature(this.#files) !== this.#seen || this.#fault !== null) this.reload()
    if (this.#loaded.certificate !== null) this.#end.look(this.#loaded.certificate, this.#now())
  }

  /** A certificate that nobody would take replaces none that somebody does. */
  #refuseUntimely({ validFromDate, validToDate }: X509Certificate): void {
    const now = this.#now()
    const inUse = this.#loaded.certificate
    if (inUse === null || inUse.validToDate.getTime() <= now) return
    if (validToDate.getTime() <= now) throw new Error(`the certificate ended on ${validToDate.toISOString()}`)
    if (validFromDate.getTime() > now) throw new Error(`the certificate begins on ${validFromDate.toISOString()} only`)
  }

  #say(message: string): void {
    const { certificate } = this.#loaded
    const setting = this.#setting
    if (certificate === null) {
      this.#log.info({ setting }, message)
      return
    }
    const { subject, validToDate, fingerprint256 } = certificate
    const fields = { subject: subject.replaceAll('\n', ', '), ends: validToDate.toISOString(), fingerprint256 }
    this.#log.info({ setting, ...fields }, message)
    this.#end.look(certificate, this.#now())
  }
}

/** Changes when a file is another, or stands for another. One that is not there has one as well. */
function signature(files: TlsFiles): string {
  const each = filesOf(files).map((file) => {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false })
    return found === undefined ? 'none' : `${found.ino}:${found.size}:${found.mtimeNs}`
  })
  return each.join(' ')
}
