import { setTimeout as sleep } from 'node:timers/promises'
import { type Approval, type Coordination, MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'

/** Whoever decides. */
export const DBA = { issuer: 'https://people.example', subject: 'dana', actor: null }

/** The people of a test file, who share what its gateways share. */
export class People {
  readonly hub: MemoryHub = new MemoryHub()
  #coordination: Coordination | null = null

  /** With gateways of the same process. */
  static async open(): Promise<People> {
    const people = new People()
    people.#coordination = await people.forGateway()
    return people
  }

  /** With gateways that share the same. */
  static async sharing(share: () => Promise<Coordination>): Promise<People> {
    const people = new People()
    people.#coordination = await share()
    return people
  }

  get coordination(): Coordination {
    if (this.#coordination === null) throw new Error('the people are not there yet')
    return this.#coordination
  }

  /** What a gateway shares with them. */
  readonly forGateway = (): Promise<Coordination> => openMemoryCoordination(this.hub)

  /** The one request that waits; comes when there is one. */
  async pending(): Promise<Approval> {
    for (let tries = 0; tries < 2000; tries++) {
      const [found] = await this.coordination.approvals.list({ state: 'pending' })
      if (found !== undefined) return found
      await sleep(10)
    }
    throw new Error('nothing is pending')
  }

  /** Decides on the one that waits. */
  async decide(verdict: 'approve' | 'refuse', reason: string | null = null, by: typeof DBA = DBA): Promise<Approval> {
    const { id } = await this.pending()
    await this.coordination.approvals.decide(id, { by, verdict, reason, through: 'api' })
    const approval = await this.coordination.approvals.get(id)
    if (approval === null) throw new Error('the request is gone')
    return approval
  }

  async stateOf(id: string): Promise<string | undefined> {
    return (await this.coordination.approvals.get(id))?.state
  }

  close(): Promise<void> {
    return this.coordination.close()
  }
}
