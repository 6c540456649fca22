import type { TrailWriter } from '@gatehouse/audit-trail'
import type { Approval, Coordination, Delivery } from '@gatehouse/coordination'
import { encodeAlarm } from '@gatehouse/core'
import type { Logger } from 'pino'
import type { AdminConfig, ChannelConfig } from '../config/admin-config.ts'
import type { AdminMetrics } from '../metrics.ts'
import { channelMessage } from './channel-message.ts'
import { postFor } from './channel-bodies.ts'
import type { LinkSigner } from './decide-links.ts'
import { sendPost } from './send-post.ts'

/** For so long nobody else sends what one has taken: longer than an address may take to answer. */
const LEASE_MILLISECONDS = 30_000
/** How often what is to be tried again is looked for. */
const LOOK_MILLISECONDS = 1_000
const MOST_AT_ONCE = 50
/** How many requests are looked at after others may have been missed. */
const MOST_MISSED = 500

export interface TellerPorts {
  readonly config: AdminConfig
  readonly coordination: Coordination
  readonly trail: Pick<TrailWriter, 'owe' | 'commit'>
  readonly links: LinkSigner | null
  readonly metrics: AdminMetrics
  readonly log: Logger
  readonly now: () => number
}

/** Tells channels of what is held, and of how it ended. Many may run: each message is sent by one of them. */
export class Teller {
  readonly #ports: TellerPorts
  readonly #stop: () => void
  readonly #timer: NodeJS.Timeout | null
  #looking = false

  constructor(ports: TellerPorts) {
    this.#ports = ports
    if (ports.config.channels.length === 0) {
      this.#stop = () => undefined
      this.#timer = null
      return
    }
    this.#stop = ports.coordination.approvals.watch((event) => {
      if (event.kind === 'resync') this.#quietly(() => this.#catchUp())
      else this.#quietly(() => this.#changed(event.id))
    })
    this.#timer = setInterval(() => this.#quietly(() => this.#look()), LOOK_MILLISECONDS).unref()
    this.#quietly(() => this.#catchUp())
  }

  close(): void {
    this.#stop()
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  /** What cannot be done now is done by a later look. */
  #quietly(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      this.#ports.log.warn({ error: String(error) }, 'channels could not be told now')
    })
  }

  async #changed(id: string): Promise<void> {
    const approval = await this.#ports.coordination.approvals.get(id)
    if (approval !== null) await this.#tell(approval)
  }

  /** What was asked, or ended, while nobody listened. */
  async #catchUp(): Promise<void> {
    const { approvals, deliveries } = this.#ports.coordination
    for (const approval of await approvals.list({ limit: MOST_MISSED })) {
      if (approval.state === 'pending' || (await deliveries.of(approval.id)).length > 0) await this.#tell(approval)
    }
  }

  async #tell(approval: Approval): Promise<void> {
    const { deliveries } = this.#ports.coordination
    const names = this.#channelsFor(approval).map(({ name }) => name)
    if (names.length === 0) return
    if (approval.state === 'pending')
      await deliveries.want(
        approval.id,
        names.map((channel) => ({ channel, event: 'asked' })),
      )
    else {
      // Who was not told that it was asked need not be told that it ended.
      const told = (await deliveries.of(approval.id)).filter(({ event }) => event === 'asked')
      const channels = names.filter((name) => told.some(({ channel }) => channel === name))
      await deliveries.want(
        approval.id,
        channels.map((channel) => ({ channel, event: 'ended' })),
      )
    }
    await this.#send(approval.id)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const due = await this.#ports.coordination.deliveries.due(MOST_AT_ONCE)
      await Promise.all(due.map((id) => this.#send(id)))
    } finally {
      this.#looking = false
    }
  }

  async #send(id: string): Promise<void> {
    const { approvals, deliveries } = this.#ports.coordination
    const taken = await deliveries.take(id, LEASE_MILLISECONDS)
    if (taken.length === 0) return
    const approval = await approvals.get(id)
    await Promise.all(taken.map((delivery) => this.#sendOne(id, approval, delivery)))
  }

  async #sendOne(id: string, approval: Approval | null, delivery: Delivery): Promise<void> {
    const { config, coordination, metrics, now } = this.#ports
    const channel = config.channels.find(({ name }) => name === delivery.channel)
    const settle = coordination.deliveries.settle.bind(coordination.deliveries, id, delivery)
    // Nobody needs to be asked any more; or the channel is gone.
    const late = delivery.event === 'asked' && approval?.state !== 'pending'
    if (approval === null || channel === undefined || late)
      return await settle({ state: 'failed', status: delivery.status })
    const message = channelMessage(delivery.event, approval, config.publicUrl, this.#linksFor(approval, channel))
    const outcome = await sendPost(channel.url.expose(), postFor(channel, message, now()), delivery.tries)
    metrics.deliveries.inc({ channel: channel.name, outcome: outcome.state })
    if (outcome.state === 'failed') this.#failed(id, delivery, outcome.status)
    await settle(outcome)
  }

  #failed(approval: string, { channel, event, tries }: Delivery, status: number | null): void {
    const { log, trail } = this.#ports
    log.error({ approval, channel, event, tries, status }, 'a channel could not be told')
    const answer = status === null ? 'no answer' : `status ${String(status)}`
    const what = `the channel ${channel} could not be told of ${approval} (${event}) in ${String(tries)} tries: ${answer}`
    trail.owe(encodeAlarm(null, 'CHANNEL_FAILED', what))
    try {
      trail.commit()
    } catch {
      // It is kept, and written first when the trail is back.
    }
  }

  #linksFor(
    { id, waiters, openUntil }: Approval,
    { name, decidesAs }: ChannelConfig,
  ): ReturnType<LinkSigner['linksFor']> | null {
    const { links } = this.#ports
    if (links === null || decidesAs === null) return null
    const until = Math.max(openUntil ?? 0, ...waiters.map((waiter) => waiter.until))
    return links.linksFor(id, name, until)
  }

  #channelsFor({ request }: Approval): readonly ChannelConfig[] {
    return this.#ports.config.channels.filter(({ targets }) => targets.length === 0 || targets.includes(request.target))
  }
}
