function say(details: object, message: string): void {
  process.stderr.write(`${message} ${JSON.stringify(details)}\n`)
}

/** What the sources of credentials and the files of certificates have to tell, on standard error; only what is wrong. */
export const SOURCE_LOG = {
  info: (): void => undefined,
  warn: (details: object, message: string): void => say(details, message),
  error: (details: object, message: string): void => say(details, message),
}
