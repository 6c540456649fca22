/** A browser with the cookies of one site: goes where it is led, and sends the forms of the pages it finds. */
export class DeviceBrowser {
  readonly #cookies = new Map<string, string>()

  /** Signs a person in where a device said, as the development issuer knows them; the text of the last page. */
  async approve(pageWithCode: string, as: string): Promise<string> {
    const confirm = await this.#follow(await this.#get(pageWithCode))
    const login = await this.#follow(await this.#send(confirm, { confirm: 'yes' }))
    return (await this.#follow(await this.#send(login, { as }))).text
  }

  /** Says no instead. */
  async refuse(pageWithCode: string): Promise<string> {
    const confirm = await this.#follow(await this.#get(pageWithCode))
    return (await this.#follow(await this.#send(confirm, { abort: 'yes' }))).text
  }

  /** What a page without scripts leaves to its button, and where it leads on to. */
  async #follow(page: Page): Promise<Page> {
    let at = page
    for (let step = 0; step < 10; step++) {
      if (at.location !== null) at = await this.#get(new URL(at.location, at.address).href)
      else if (at.text.includes('document.forms[0].submit()')) at = await this.#send(at, {})
      else return at
    }
    throw new Error('the browser was led on and on')
  }

  #get(address: string): Promise<Page> {
    return this.#fetch(address, {})
  }

  /** Sends the page's form with its hidden fields. */
  #send(page: Page, more: Readonly<Record<string, string>>): Promise<Page> {
    const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1] ?? page.address
    const hidden = page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)
    const fields = Object.fromEntries(Array.from(hidden, ([, name = '', value = '']) => [name, value]))
    return this.#fetch(new URL(action, page.address).href, {
      method: 'POST',
      headers: { origin: new URL(page.address).origin },
      body: new URLSearchParams({ ...fields, ...more }),
    })
  }

  async #fetch(address: string, init: RequestInit): Promise<Page> {
    const headers = new Headers(init.headers)
    headers.set('cookie', Array.from(this.#cookies, ([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(address, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return { address, location: response.headers.get('location'), text: await response.text() }
  }
}

interface Page {
  readonly address: string
  readonly location: string | null
  readonly text: string
}
