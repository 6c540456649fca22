/** What became of a configuration that a running service was given. */
export type Reloaded =
  /** It says what the one in force says. */
  | { readonly kind: 'unchanged' }
  /** It goes by it. `changed`: the settings that are others. */
  | { readonly kind: 'taken over'; readonly changed: readonly string[] }
  /** Nothing of it was taken over. `restart`: the settings that a running service cannot take over; empty: `why` says what is wrong. */
  | { readonly kind: 'refused'; readonly restart: readonly string[]; readonly why: string }

/** Of changed settings (`changedSettings`), those that are none of `takenOver` and stand below none of them. */
export function settingsOutside(changed: readonly string[], takenOver: readonly string[]): readonly string[] {
  return changed.filter((setting) => !takenOver.some((one) => setting === one || /^[.[]/.test(below(setting, one))))
}

/** What stands in `setting` behind `above`; empty: it is not below it. */
function below(setting: string, above: string): string {
  return setting.startsWith(above) ? setting.slice(above.length) : ''
}

/** Tells operators what became of it: names of settings, never their values. */
export function sayReloaded(outcome: Reloaded, log: ReloadLog): void {
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

/** What tells operators of a changed configuration. */
export interface ReloadLog {
  info(message: string): void
  info(details: object, message: string): void
  error(details: object, message: string): void
}
