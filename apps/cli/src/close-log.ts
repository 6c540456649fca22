import type { ServiceLog } from '@gatehouse/monitoring'

/** Closes the log of a service as the last thing it does. Should its collector not answer, the process ends nonetheless. */
export async function closeLog(serviceLog: Pick<ServiceLog, 'close'>): Promise<void> {
  // What is still under way would keep the process until its timeout, which is longer than those who end it wait.
  if (!(await serviceLog.close())) setImmediate(() => process.exit())
}
