/** One thing that is wrong with a configuration file. Never holds a secret, nor any value of the file. */
export interface ConfigProblem {
  /** From 1. 0: the file as a whole. */
  readonly line: number
  /** From 1. 0: the file as a whole. */
  readonly column: number
  /** The setting, as `targets.shop.port`; empty: the file as a whole. */
  readonly setting: string
  readonly message: string
}

/** A way into the file: names and list positions, outermost first. */
export type SettingPath = readonly (string | number)[]

/** The path as an operator reads it: `issuers[0].audience`. */
export function settingName(path: SettingPath): string {
  return path.reduce<string>(
    (name, step) => (typeof step === 'number' ? `${name}[${step}]` : name === '' ? step : `${name}.${step}`),
    '',
  )
}

/** The problems as lines of `file:line:column: setting: message`, in the order of the file. */
export function formatProblems(file: string, problems: readonly ConfigProblem[]): string {
  return [...problems]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, setting, message }) => {
      const place = line === 0 ? file : `${file}:${line}:${column}`
      return setting === '' ? `${place}: ${message}` : `${place}: ${setting}: ${message}`
    })
    .join('\n')
}
