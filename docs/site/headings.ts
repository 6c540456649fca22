/** Gives headings of one page their anchors, as the pages of code hosts do, so that a link holds in both places. */
export class Anchors {
  readonly #taken = new Map<string, number>()

  /** The anchor of the next heading, from its plain text; one that is there already gets a number. */
  of(text: string): string {
    const anchor = text
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-')
    const before = this.#taken.get(anchor)
    this.#taken.set(anchor, (before ?? 0) + 1)
    return before === undefined ? anchor : `${anchor}-${String(before)}`
  }
}

/** The text of inline HTML, without its marks. */
export function plainText(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
