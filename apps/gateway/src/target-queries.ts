/** A session at a target with the gateway's own credential, for tools that look at a target without a gateway running. */
export interface TargetQueries {
  /** As `OwnQueries.rows`. The message of a server's error may quote values: it is in `detail` alone, which is not to be shown. */
  rows(sql: string, patienceMilliseconds?: number): Promise<(string | null)[][]>
  close(): void
}
