import type { X509Certificate } from 'node:crypto'
import type { TlsLog } from './tls-log.ts'

const DAY_MILLISECONDS = 86_400_000

/** So many days before its end a certificate is spoken of; each once. 0: it is over. */
const DAYS = [0, 1, 7, 30] as const

/** Says in the log, once each, that a certificate ends in 30, 7 and 1 days, and that it has ended. */
export class CertificateEnd {
  readonly #setting: string
  readonly #log: TlsLog
  #said: { readonly fingerprint: string; readonly days: number } | null = null

  constructor(setting: string, log: TlsLog) {
    this.#setting = setting
    this.#log = log
  }

  /** `now`: milliseconds since the epoch. */
  look({ fingerprint256: fingerprint, validToDate, subject }: X509Certificate, now: number): void {
    const left = validToDate.getTime() - now
    const days = DAYS.find((some) => left <= some * DAY_MILLISECONDS)
    if (days === undefined) return
    if (this.#said !== null && this.#said.fingerprint === fingerprint && this.#said.days <= days) return
    this.#said = { fingerprint, days }
    const fields = { setting: this.#setting, subject: subject.replaceAll('\n', ', '), ends: validToDate.toISOString() }
    if (days === 0) this.#log.error(fields, 'the certificate has ended: clients that verify it do not connect')
    else this.#log.warn(fields, `the certificate ends within ${days === 1 ? 'a day' : `${days} days`}`)
  }
}
