/** The longest message that is put together again, in bytes: what is longer is told as missing. A forged recording can ask for no more memory. */
export const LARGEST_MESSAGE: number = 64 * 1024 * 1024
