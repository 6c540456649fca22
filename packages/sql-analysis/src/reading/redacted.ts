/** What stands for a number or a truth value that is left out. */
export const REDACTED = '[redacted]'
/** What stands for a quoted literal that is left out. */
export const REDACTED_STRING: string = `'${REDACTED}'`
