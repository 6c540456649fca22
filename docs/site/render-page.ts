import { Marked, type Tokens } from 'marked'
import { Anchors, plainText } from './headings.ts'

/** A page of the site. */
export interface RenderedPage {
  readonly title: string
  /** What stands between the contents and the page's end. */
  readonly html: string
  /** What the search knows of it. */
  readonly parts: readonly Part[]
}

/** A heading, and the text below it until the next one. */
export interface Part {
  readonly heading: string
  /** Empty: what stands before the first heading of level two. */
  readonly anchor: string
  readonly text: string
}

/** Where a link of a page leads on the site, and what the page there is called (null: it is no page). Null: it leads nowhere, since what it names is in the repository alone. */
export type Resolve = (target: string) => { readonly href: string; readonly title: string | null } | null

/** Turns Markdown into a page. HTML in it is left out: pages hold none but remarks. */
export function renderPage(markdown: string, resolve: Resolve): RenderedPage {
  const anchors = new Anchors()
  const parts: Part[] = []
  let title = ''
  const marked = new Marked({ gfm: true })
  marked.use({
    renderer: {
      heading({ tokens, depth }: Tokens.Heading): string {
        const inner = this.parser.parseInline(tokens)
        const text = plainText(inner)
        const anchor = anchors.of(text)
        if (depth === 1 && title === '') title = text
        parts.push({ heading: text, anchor: depth === 1 ? '' : anchor, text: '' })
        return `<h${String(depth)} id="${anchor}">${inner} <a class="anchor" href="#${anchor}" aria-label="Link to this section">#</a></h${String(depth)}>\n`
      },
      html: () => '',
      link({ href, tokens }: Tokens.Link): string {
        const inner = this.parser.parseInline(tokens)
        if (/^https?:/.test(href)) return `<a href="${escaped(href)}" rel="noreferrer">${inner}</a>`
        const target = resolve(href)
        if (target === null) return `<span class="in-repository" title="In the repository">${inner}</span>`
        // On the site nobody knows a page by its file.
        const named = /^[\w./-]+\.md$/.test(inner) && target.title !== null ? escaped(target.title) : inner
        return `<a href="${escaped(target.href)}">${named}</a>`
      },
      image({ href, text }: Tokens.Image): string {
        return `<img src="${escaped(resolve(href)?.href ?? '')}" alt="${escaped(text)}" loading="lazy">`
      },
      table(token: Tokens.Table): string {
        const row = (cells: readonly Tokens.TableCell[], tag: 'th' | 'td'): string =>
          `<tr>${cells.map(({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`).join('')}</tr>`
        const body = token.rows.map((cells) => row(cells, 'td')).join('\n')
        return `<div class="table"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`
      },
    },
  })
  const html = marked.parse(markdown, { async: false })
  return { title, html, parts: withTexts(html, parts) }
}

/** The parts with the text of the page that stands below each heading. */
function withTexts(html: string, parts: readonly Part[]): readonly Part[] {
  const [, ...sections] = html.split(/<h[1-6] id="[^"]*">/)
  return parts.map((part, at) => {
    const [, below = ''] = (sections[at] ?? '').split(/<\/h[1-6]>/)
    const text = plainText(below.replaceAll(/<\/(?:p|td|th|li|pre)>/g, ' '))
      .replaceAll(/\s+/g, ' ')
      .trim()
    return { ...part, text }
  })
}

/** Text as it may stand in HTML. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
