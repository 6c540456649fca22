import { changedSettings, type Reloaded, settingsOutside } from '@gatehouse/configuration'
import { TokenVerifier } from '@gatehouse/identity'
import type { Logger } from 'pino'
import { SignIn } from './access/sign-in.ts'
import type { AdminConfig } from './config/admin-config.ts'

/** What a running service takes over of a changed configuration; any other setting needs a restart. */
const TAKEN_OVER: readonly string[] = ['issuers', 'roles', 'maxGrantSeconds', 'log.level']

/** So long a verifier that was replaced goes on for the tokens that are looked at just then. */
const REPLACED_MILLISECONDS = 10_000

/** The configuration as it is now, and what is made of the part of it that may change while the service runs. */
export class SettingsInForce {
  /** Always what is in force: to be asked each time, not kept. */
  readonly config: AdminConfig
  readonly #log: Logger
  #current: AdminConfig
  #verifier: TokenVerifier
  #signIn: SignIn | null

  constructor(config: AdminConfig, log: Logger) {
    this.#log = log
    this.#current = config
    this.#verifier = TokenVerifier.create(config.issuers, { log })
    this.#signIn = config.login === null ? null : new SignIn(config, config.login, log)
    const current = (): AdminConfig => this.#current
    this.config = {
      ...config,
      get issuers() {
        return current().issuers
      },
      get roles() {
        return current().roles
      },
      get maxGrantSeconds() {
        return current().maxGrantSeconds
      },
    }
  }

  /** Who somebody is by a token of `issuers`. */
  readonly verify: TokenVerifier['verify'] = (token, now) => this.#verifier.verify(token, now)

  /** Null: nobody signs in to the page. */
  get signIn(): SignIn | null {
    return this.#signIn
  }

  /** Takes another configuration over, whole or not at all; requests from then on go by it. */
  change(next: AdminConfig): Reloaded {
    const changed = changedSettings(this.#current, next)
    if (changed.length === 0) return { kind: 'unchanged' }
    const restart = settingsOutside(changed, TAKEN_OVER)
    if (restart.length > 0) return { kind: 'refused', restart, why: `${restart.join(', ')}: needs a restart` }
    // What may fail comes before anything is replaced.
    const nextSignIn = next.login === null ? null : new SignIn(next, next.login, this.#log)
    const nextVerifier = TokenVerifier.create(next.issuers, { log: this.#log })
    const [verifier, signIn] = [this.#verifier, this.#signIn]
    this.#verifier = nextVerifier
    this.#signIn = nextSignIn
    this.#current = next
    this.#log.level = next.log.level
    setTimeout(() => {
      verifier.close()
      signIn?.close()
    }, REPLACED_MILLISECONDS).unref()
    return { kind: 'taken over', changed }
  }

  close(): void {
    this.#verifier.close()
    this.#signIn?.close()
  }
}
