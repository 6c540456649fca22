/** A moment of the service (ISO 8601) in milliseconds since the epoch. */
export function momentOf(text: string): number {
  return Date.parse(text)
}

/** A length of time in one unit: `now` below 5 seconds, `42 s`, `7 min`, `3 h`, `2 d`. */
export function lengthText(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 5) return 'now'
  if (seconds < 90) return `${String(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${String(minutes)} min`
  const hours = Math.round(minutes / 60)
  return hours < 36 ? `${String(hours)} h` : `${String(Math.round(hours / 24))} d`
}

/** How long ago, as people say it: `just now`, `7 min ago`. */
export function agoText(moment: string, now: number): string {
  const length = lengthText(now - momentOf(moment))
  return length === 'now' ? 'just now' : `${length} ago`
}

/** What is left until a moment, as a clock: `4:09`, `1:02:30`; `0:00` when it is over. */
export function clockText(moment: string, now: number): string {
  const seconds = Math.max(0, Math.ceil((momentOf(moment) - now) / 1000))
  const two = (part: number): string => String(part).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${String(minutes)}:${two(seconds % 60)}`
  return `${String(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}`
}

/** In the reader's own time zone and language, with seconds. */
export function fullText(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
}

/** The same without the year: `Jan 31, 12:00:00 PM`. */
export function shortText(moment: string): string {
  return new Date(moment).toLocaleString(undefined, {
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    second: '2-digit',
  })
}
