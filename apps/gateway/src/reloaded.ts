import type { Logger } from 'pino'
import type { ListenerConfig } from './config/index.ts'
import type { ListenerOptions } from './listener.ts'
import { trustedSenders } from './trusted-senders.ts'

/** What became of a configuration that a running gateway was given. */
export type Reloaded =
  /** It says what the one in force says. */
  | { readonly kind: 'unchanged' }
  /** New sessions go by it. `changed`: the settings that are others. */
  | { readonly kind: 'taken over'; readonly changed: readonly string[] }
  /** Nothing of it was taken over. `restart`: the settings that a running gateway cannot take over; empty: `why` says what is wrong. */
  | { readonly kind: 'refused'; readonly restart: readonly string[]; readonly why: string }

/** What a listener itself goes by, and may change. */
export function limitsOf(listener: ListenerConfig | null): Partial<ListenerOptions> {
  if (listener === null) return {}
  const { address: _, ...limits } = listener
  return { ...limits, isTrustedSender: trustedSenders(listener) }
}

/** Tells operators what became of it: names of settings, never their values. */
export function sayReloaded(outcome: Reloaded, log: Logger): void {
  switch (outcome.kind) {
    case 'unchanged':
      return log.info('the configuration was read again: nothing is changed')
    case 'taken over':
      return log.info({ changed: outcome.changed }, 'the changed configuration was taken over')
    case 'refused':
      return log.error(
        { needsRestart: outcome.restart, why: outcome.why },
        'the changed configuration was not taken over; the last good one stays in force',
      )
    default:
      throw outcome satisfies never
  }
}
